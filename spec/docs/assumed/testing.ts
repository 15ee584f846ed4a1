/** What fragments of docs/testing.md take for granted. */
import type { Invoke, StepFuncSourceConfig } from '../../../lib/index.js';
import { FakeSfn } from '../../../lib/testing/index.js';
import { sum } from '../sum.js';

export { expect, test, vi } from 'vitest';

export const config: StepFuncSourceConfig = { activityName: 'sum', path: '/step/sum' };
/** Of a task without a response. */
export const input: unknown = { unanswered: true };
export const invoke: Invoke = async ({ body }) =>
  body === JSON.stringify(input) ? new Promise<never>(() => undefined) : sum(body);
export const sfn = new FakeSfn({ longPollMs: 10 });
