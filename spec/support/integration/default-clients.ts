import type { SFNClient as Client } from '@aws-sdk/client-sfn';
import {
  CreateActivityCommand,
  GetActivityTaskCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { setMaxListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import type { SfnClient } from '../../../lib/sfn/api.js';
import type { OwnClients } from '../../../lib/sfn/clients.js';
import { createClients } from '../../../lib/sfn/clients.js';
import { awsEnvironment } from './aws-environment.js';
import type { Component, Handler } from './component.js';
import { json, startComponent } from './component.js';

/** The default clients of the test that runs, and the server that stands for AWS. */
export interface DefaultClients {
  clients: OwnClients;
  aws: Component;
  /** How the server answers from now on. It begins with `{}`. */
  answer: Handler;
  /** Answers with each of these in turn, and with `{}` then. */
  answerWith(...answers: Handler[]): void;
}

/** Sets up clients and a server for each test. Call it once in a spec file. */
export function useDefaultClients(): DefaultClients {
  const scene = {
    answerWith(...answers) {
      const left = [...answers];
      scene.answer = (request, response) => (left.shift() ?? json({}))(request, response);
    },
  } as DefaultClients;
  beforeEach(async () => {
    scene.answer = json({});
    scene.aws = await startComponent((request, response) => scene.answer(request, response));
    for (const [name, value] of Object.entries(awsEnvironment(scene.aws.url))) {
      vi.stubEnv(name, value);
    }
    scene.clients = createClients(systemClock);
  });
  afterEach(async () => {
    scene.clients.destroy();
    vi.unstubAllEnvs();
    await scene.aws[Symbol.asyncDispose]();
  });
  return scene;
}

export const activityArn = 'arn:aws:states:us-east-1:123456789012:activity:sum';
/** A call of each kind, with a number of its own. */
export const kinds: [string, 'poll' | 'report', (n: number) => object][] = [
  ['CreateActivity', 'report', (n) => new CreateActivityCommand({ name: `sum-${n}` })],
  [
    'GetActivityTask',
    'poll',
    (n) => new GetActivityTaskCommand({ activityArn, workerName: `host:${n}` }),
  ],
  [
    'SendTaskSuccess',
    'report',
    (n) => new SendTaskSuccessCommand({ taskToken: `t${n}`, output: `["é€🙂", ${n}]` }),
  ],
  [
    'SendTaskFailure',
    'report',
    (n) => new SendTaskFailureCommand({ taskToken: `t${n}`, error: 'E', cause: 'a "cause"\n' }),
  ],
  ['SendTaskHeartbeat', 'report', (n) => new SendTaskHeartbeatCommand({ taskToken: `t${n}` })],
];

export const success = (n = 0) =>
  new SendTaskSuccessCommand({ taskToken: `t${n}`, output: `${n}` });

/** Of calls that are not aborted. */
const { signal } = new AbortController();
setMaxListeners(0, signal);
export const send = (client: SfnClient, command: object, abortSignal = signal) =>
  client.send(command, { abortSignal });

export const awsError =
  (status: number, name: string, headers: Record<string, string> = {}): Handler =>
  (_, response: ServerResponse) =>
    response
      .writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...headers })
      .end(JSON.stringify({ __type: `com.amazonaws.swf.service.v2.model#${name}`, message: name }));
export const cutOff: Handler = (_, response) => response.socket?.resetAndDestroy();

/** The SDK's own client, as it comes. */
export function plainClient(options: ConstructorParameters<typeof SFNClient>[0] = {}): Client {
  const client = new SFNClient(options);
  onTestFinished(() => client.destroy());
  return client;
}
