import { vi } from 'vitest';
import { createStepFuncSource } from '../../lib/index.js';
import type { Invoke, InvokeResponse, StepFuncSource } from '../../lib/index.js';
import { FakeSfn } from '../../lib/testing/index.js';

export const config = { activityName: 'sum', path: '/step/sum' };
export const answer = (body = '{}', status = 200): InvokeResponse => ({
  status,
  headers: {},
  body,
});
export const fine: Invoke = async () => answer();
export const never: Invoke = () => new Promise(() => undefined);
export const settle = () => vi.advanceTimersByTimeAsync(0);

/** A source on a fake Step Functions whose long polls take as long as those of AWS. */
export function setUp(
  invoke: Invoke = fine,
  more: object = {},
  fake: { longPollMs?: number } = {},
) {
  const sfn = new FakeSfn({ longPollMs: 60_000, ...fake });
  const source = createStepFuncSource({ ...config, ...more }, invoke, { client: sfn });
  return { sfn, source };
}

/** Stops, letting as much time pass as the stop needs. */
export async function stopped(source: StepFuncSource, graceMs?: number) {
  const summary = source.stop({ graceMs });
  await vi.advanceTimersByTimeAsync(61_000);
  return summary;
}
