import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { ServerOptions } from 'node:https';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { arnOf } from '../harness/arn.js';
import { serve } from '../harness/child.js';
import { now, sleep } from '../harness/clock.js';
import { cpuUsage } from '../harness/usage.js';
import { createExactDelay } from '../harness/exact-delay.js';

/**
 * Step Functions' side of an activity, as lean as it can be. The test kit's server checks what AWS
 * checks, and would take the core that the contender is measured on. Tokens are as long as AWS's.
 */
const TOKEN_PREFIX = 'AQCgAAAAKgAAAAMAAAAAAAAAA'.padEnd(480, 'x7Qm2Zk9Rb4Lw1Tc8Yh5');

interface Activity {
  backlog: number;
  handedOut: number;
  closed: number;
  polls: Set<(input: string) => void>;
  /** When each task of a trickle was handed out, until it is closed. */
  handedOutAt: Map<string, number>;
  samples: Sample[];
}

/** Milliseconds from hand-out to invoke, and from invoke's answer to the report's arrival. */
export interface Sample {
  delivery: number;
  report: number;
}

const activities = new Map<string, Activity>();
const delay = createExactDelay();
let rttMs = 0;
let holdMs = 60_000;

function activityOf(arn: string): Activity {
  let activity = activities.get(arn);
  if (activity === undefined) {
    activity = {
      backlog: 0,
      handedOut: 0,
      closed: 0,
      polls: new Set(),
      handedOutAt: new Map(),
      samples: [],
    };
    activities.set(arn, activity);
  }
  return activity;
}

let lastTask = 0;
const taskInput = '{"a":1,"b":2,"note":"an order of a customer, small as most inputs are"}';

function answer(response: ServerResponse, body: string): void {
  response.writeHead(200, {
    'x-amzn-RequestId': 'f0f5a2a0-6f0a-4c0e-8f2a-6d3c1b2a9e77',
    'content-type': 'application/x-amz-json-1.0',
    'content-length': body.length,
  });
  response.end(body);
}

/** Hands one task out on a poll. */
function handOut(arn: string, activity: Activity, response: ServerResponse, input: string): void {
  lastTask += 1;
  activity.handedOut += 1;
  const taskToken = `${TOKEN_PREFIX}${lastTask}.${arn}`;
  if (input !== taskInput) activity.handedOutAt.set(taskToken, now());
  answer(response, JSON.stringify({ taskToken, input }));
}

function poll(arn: string, response: ServerResponse): void {
  const activity = activityOf(arn);
  if (activity.backlog > 0) {
    activity.backlog -= 1;
    handOut(arn, activity, response, taskInput);
    return;
  }
  const take = (input: string) => {
    clearTimeout(timer);
    handOut(arn, activity, response, input);
  };
  const withdraw = () => {
    clearTimeout(timer);
    activity.polls.delete(take);
  };
  const timer = setTimeout(() => {
    withdraw();
    answer(response, '{"taskToken":null}');
  }, holdMs);
  response.once('close', withdraw);
  activity.polls.add(take);
}

/** Gives the poll that has waited longest a task. */
function deliver(activity: Activity, input: string): void {
  for (const poll of activity.polls) {
    activity.polls.delete(poll);
    poll(input);
    return;
  }
}

function close(taskToken: string, output: string): void {
  const activity = activityOf(taskToken.slice(taskToken.indexOf('.') + 1));
  activity.closed += 1;
  const handedOutAt = activity.handedOutAt.get(taskToken);
  if (handedOutAt === undefined) return;
  activity.handedOutAt.delete(taskToken);
  const { received, sent } = JSON.parse(output) as { received: number; sent: number };
  activity.samples.push({ delivery: received - handedOutAt, report: now() - sent });
}

function dealWith(request: IncomingMessage, response: ServerResponse, body: string): void {
  const input = JSON.parse(body) as Record<string, string>;
  switch (request.headers['x-amz-target']) {
    case 'AWSStepFunctions.GetActivityTask':
      poll(input['activityArn'] ?? '', response);
      return;
    case 'AWSStepFunctions.SendTaskSuccess':
      close(input['taskToken'] ?? '', input['output'] ?? '');
      answer(response, '{}');
      return;
    case 'AWSStepFunctions.CreateActivity':
      answer(
        response,
        JSON.stringify({ activityArn: arnOf(input['name'] ?? ''), creationDate: 1 }),
      );
      return;
    default:
      response.writeHead(500).end();
  }
}

function receive(request: IncomingMessage, response: ServerResponse): void {
  let body = '';
  request.setEncoding('latin1');
  request.on('data', (chunk: string) => (body += chunk));
  request.on('end', () => {
    if (rttMs === 0) dealWith(request, response, body);
    else delay(rttMs, () => dealWith(request, response, body));
  });
}

/** Connections stay, as AWS's do for as long as they are used. */
const kept = { keepAliveTimeout: 300_000 };

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) =>
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve),
  );
  return (server.address() as AddressInfo).port;
}

const api = {
  async listen(): Promise<string> {
    return `http://127.0.0.1:${await listen(createServer(kept, receive))}`;
  },
  /** The same activities by TLS. */
  async listenTls(identity: Pick<ServerOptions, 'cert' | 'key'>): Promise<string> {
    const server = createTlsServer({ ...kept, ...identity }, receive);
    return `https://127.0.0.1:${await listen(server)}`;
  },
  usage: cpuUsage,
  /** How long every call takes, and how long a poll is held. */
  configure(options: { rttMs: number; holdMs: number }): void {
    ({ rttMs, holdMs } = options);
  },
  /** Makes so many tasks available, now; resolves to when that was. */
  offer(name: string, tasks: number): number {
    const activity = activityOf(arnOf(name));
    const at = now();
    activity.backlog = tasks;
    for (; activity.backlog > 0 && activity.polls.size > 0; activity.backlog -= 1) {
      deliver(activity, taskInput);
    }
    return at;
  },
  counts(name: string): { handedOut: number; closed: number; openPolls: number; at: number } {
    const { handedOut, closed, polls } = activityOf(arnOf(name));
    return { handedOut, closed, openPolls: polls.size, at: now() };
  },
  /**
   * Hands out so many tasks one by one. Each goes to a poll that has been open for a moment, after the
   * task before was closed. Components answer a trickle with their own clock: see Sample.
   */
  async trickle(name: string, tasks: number, openPolls: number): Promise<Sample[]> {
    const activity = activityOf(arnOf(name));
    activity.samples = [];
    for (let i = 0; i < tasks; i += 1) {
      while (activity.polls.size < openPolls || activity.samples.length < i) await sleep(1);
      await sleep(2 + Math.random() * 2);
      deliver(activity, '{"trickle":true}');
    }
    while (activity.samples.length < tasks) await sleep(1);
    return activity.samples;
  },
};
export type SfnServer = typeof api;
serve(api);
