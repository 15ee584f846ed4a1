/** What fragments of README.md take for granted. */
import type { Invoke, StepFuncSource, StepFuncSourceConfig } from '../../../lib/index.js';

export { createStepFuncSource } from '../../../lib/index.js';
export { FakeSfn } from '../../../lib/testing/index.js';
export type { InvokeRequest, InvokeResponse } from '../../../lib/index.js';
export { expect } from 'vitest';

export declare const config: StepFuncSourceConfig;
export declare const invoke: Invoke;
export declare const source: StepFuncSource;
