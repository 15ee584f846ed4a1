import type { StepFuncSource } from 'stepfunc-source';
import { createStepFuncSource } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import type { Job } from './step-functions.js';

/** Shorter than the default of five minutes, so that the demo's timeout is soon seen. */
const INVOKE_TIMEOUT_MS = 3_000;

/** One task at a time for `split`, ten for `sum`, by two pollers of five each. */
export function createSources(
  activityNames: Record<Job, string>,
  componentUrl: string,
): Record<Job, StepFuncSource> {
  const invoke = httpInvoke(componentUrl);
  return {
    split: createStepFuncSource({ activityName: activityNames.split, path: '/step/split' }, invoke),
    sum: createStepFuncSource(
      {
        activityName: activityNames.sum,
        path: '/step/sum',
        maxConcurrency: 10,
        concurrencyPerPoller: 5,
        invokeTimeoutMs: INVOKE_TIMEOUT_MS,
      },
      invoke,
    ),
  };
}
