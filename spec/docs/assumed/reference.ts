/** What fragments of docs/reference.md take for granted. */
import type { StepFuncSource, StepFuncSourceConfig } from '../../../lib/index.js';
import { createStepFuncSource } from '../../../lib/index.js';
import { httpInvoke } from '../../../lib/http.js';

export type { InvokeRequest, InvokeResponse } from '../../../lib/index.js';

const config: StepFuncSourceConfig = { activityName: 'sum', path: '/step/sum' };
export const source: StepFuncSource = createStepFuncSource(
  config,
  httpInvoke(process.env['COMPONENT_URL'] ?? 'http://localhost:8080'),
);
