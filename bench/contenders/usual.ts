import { GetActivityTaskCommand, SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { arnOf } from '../harness/arn.js';
import type { Job } from './job.js';

/** What most people write: one default client for all, fetch, one loop a slot. */
export function start(job: Job): Promise<() => Promise<void>> {
  const client = new SFNClient({});
  const activityArn = arnOf(job.activityName);

  async function loop(): Promise<never> {
    for (;;) {
      const { taskToken, input } = await client.send(
        new GetActivityTaskCommand({ activityArn, workerName: 'usual' }),
      );
      if (!taskToken) continue;
      const response = await fetch(`${job.componentUrl}/step/sum`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: input ?? '',
      });
      const output = JSON.stringify(await response.json());
      await client.send(new SendTaskSuccessCommand({ taskToken, output }));
    }
  }

  for (let slot = 0; slot < job.slots; slot += 1) void loop();
  return Promise.resolve(() => Promise.resolve());
}
