import type * as Http from 'stepfunc-source/http';
import type * as Main from 'stepfunc-source';
import { now } from '../harness/clock.js';
import type { Job } from './job.js';

/** The built package, with nothing set but what has to be. */
export async function start(job: Job): Promise<() => Promise<void>> {
  const { createStepFuncSource } = (await import(`${job.build}/index.js`)) as typeof Main;
  const source = createStepFuncSource(
    {
      activityName: job.activityName,
      path: '/step/sum',
      maxConcurrency: job.slots,
      concurrencyPerPoller: job.slots / job.pollers,
    },
    await invokeOf(job),
  );
  await source.start();
  return async () => {
    await source.stop();
  };
}

async function invokeOf({ contender, componentUrl, echoTimes, build }: Job): Promise<Main.Invoke> {
  if (echoTimes) {
    return () => {
      const received = now();
      const body = JSON.stringify({ received, sent: now() });
      return Promise.resolve({ status: 200, headers: {}, body });
    };
  }
  if (contender === 'ours-fetch') {
    return (request, signal) => fetch(`${componentUrl}${request.path}`, { ...request, signal });
  }
  const { httpInvoke } = (await import(`${build}/http.js`)) as typeof Http;
  return httpInvoke(componentUrl);
}
