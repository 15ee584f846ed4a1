import { GetActivityTaskCommand, SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { UndiciHttpHandler } from '@smithy/undici-http-handler';
import { Agent } from 'undici';
import { arnOf } from '../harness/arn.js';
import { now } from '../harness/clock.js';
import type { Job } from './job.js';

/**
 * What somebody who knows the SDK well writes by hand. Undici is below both clients and below the
 * component. Each client has a resolved middleware stack. The output is checked, and each slot has a
 * loop. It loses tasks where ours does not: it knows no time-out, no retry of its own, no orderly stop.
 */
export function start(job: Job): Promise<() => Promise<void>> {
  const options = { cacheMiddleware: true };
  const poll = new SFNClient({ ...options, maxAttempts: 1, requestHandler: handler() });
  const report = new SFNClient({ ...options, requestHandler: handler() });
  const agent = new Agent();
  const activityArn = arnOf(job.activityName);
  const workerName = 'floor';

  async function invoke(input: string | undefined): Promise<string> {
    if (job.echoTimes) return JSON.stringify({ received: now(), sent: now() });
    const { statusCode, body } = await agent.request({
      origin: job.componentUrl,
      path: '/step/sum',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: input ?? '',
    });
    const output = await body.text();
    if (statusCode !== 200) throw new Error(`The component answered ${statusCode}`);
    JSON.parse(output);
    return output;
  }

  async function loop(): Promise<never> {
    for (;;) {
      const { taskToken, input } = await poll.send(
        new GetActivityTaskCommand({ activityArn, workerName }),
      );
      if (!taskToken) continue;
      const output = await invoke(input);
      await report.send(new SendTaskSuccessCommand({ taskToken, output }));
    }
  }

  for (let slot = 0; slot < job.slots; slot += 1) void loop();
  return Promise.resolve(() => Promise.resolve());
}

function handler(): UndiciHttpHandler {
  return new UndiciHttpHandler({ dispatcher: { headersTimeout: 75_000, bodyTimeout: 75_000 } });
}
