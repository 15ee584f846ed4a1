/** What fragments of README.md take for granted. */
import type { Invoke, StepFuncSource, StepFuncSourceConfig } from '../../../lib/index.js';
import { createStepFuncSource } from '../../../lib/index.js';
import { httpInvoke } from '../../../lib/http.js';
import { sum } from '../sum.js';

export { createStepFuncSource } from '../../../lib/index.js';
export { FakeSfn } from '../../../lib/testing/index.js';
export type { InvokeRequest, InvokeResponse } from '../../../lib/index.js';
export { expect } from 'vitest';

export const config: StepFuncSourceConfig = { activityName: 'sum', path: '/step/sum' };
export const invoke: Invoke = async ({ body }) => sum(body);
export const source: StepFuncSource = createStepFuncSource(
  config,
  httpInvoke(process.env['COMPONENT_URL'] ?? 'http://localhost:8080'),
);
