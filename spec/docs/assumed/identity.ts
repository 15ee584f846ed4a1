/** What fragments of docs/identity.md take for granted. */
import type { StepFuncSource } from '../../../lib/index.js';
import { createStepFuncSource } from '../../../lib/index.js';
import { httpInvoke } from '../../../lib/http.js';

export const source: StepFuncSource = createStepFuncSource(
  { activityName: 'sum', path: '/step/sum' },
  httpInvoke(process.env['COMPONENT_URL'] ?? 'http://localhost:8080'),
  { taskAttributes: () => ({ execution: 'an execution' }) },
);
