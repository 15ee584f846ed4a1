import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '../harness/child.js';
import { now } from '../harness/clock.js';
import { createExactDelay } from '../harness/exact-delay.js';
import { cpuUsage } from '../harness/usage.js';

/** The component: answers every POST with the same JSON, after `taskMs`. */
const OUTPUT = '{"sum":3,"note":"an answer as small as most are"}';

const delay = createExactDelay();
let taskMs = 0;
/** So many tasks to come take a random part of `taskMs`, so that slots do not stay in step. */
let uneven = 0;
let running = 0;
/** Moments at which the number of requests in the works went up, for one ramp. */
let rises: number[] = [];

const server = createServer((request, response) => {
  running += 1;
  if (rises.length < running) rises.push(now());
  const answer = () => {
    running -= 1;
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': OUTPUT.length,
    });
    response.end(OUTPUT);
  };
  request.resume();
  request.on('end', () => {
    if (taskMs === 0) answer();
    else if (uneven > 0) {
      uneven -= 1;
      delay(Math.random() * taskMs, answer);
    } else delay(taskMs, answer);
  });
});
server.keepAliveTimeout = 300_000;

const api = {
  async listen(): Promise<string> {
    await new Promise<void>((resolve) =>
      server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve),
    );
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
  configure(options: { taskMs: number; uneven: number }): void {
    ({ taskMs, uneven } = options);
    rises = [];
  },
  usage: cpuUsage,
  /** When the n-th task at a time came in, since the last `configure`, for every n so far. */
  rises: () => rises,
};
export type Component = typeof api;
serve(api);
