import { Agent } from 'node:http';
import StepFunctionWorker from 'step-function-worker';
import { arnOf } from '../harness/arn.js';
import type { Job } from './job.js';

/**
 * The peer from npm, on the SDK's version 2. Given keep-alive and sockets for all, which it does not
 * have by default: without them it pays for a connection a call.
 */
export function start(job: Job): Promise<() => Promise<void>> {
  const worker = new StepFunctionWorker({
    activityArn: arnOf(job.activityName),
    workerName: 'step-function-worker',
    concurrency: job.slots,
    fn: (input, done) => {
      callComponent(job.componentUrl, input).then(
        (output) => done(null, output),
        (error: unknown) => done(error),
      );
    },
    awsConfig: {
      region: 'us-east-1',
      endpoint: job.endpoint,
      httpOptions: {
        agent: new Agent({ keepAlive: true, maxSockets: job.slots * 2 }),
        timeout: 75_000,
      },
    },
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  });
  const stop = () =>
    new Promise<void>((resolve) => {
      worker.close(resolve);
    });
  return Promise.resolve(stop);
}

async function callComponent(componentUrl: string, input: unknown): Promise<unknown> {
  const response = await fetch(`${componentUrl}/step/sum`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  return response.json();
}

function ignore(): void {
  // It tells its start and stop to the console by default.
}
