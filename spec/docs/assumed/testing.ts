/** What fragments of docs/testing.md take for granted. */
import type { Invoke, StepFuncSourceConfig } from '../../../lib/index.js';
import type { FakeSfn } from '../../../lib/testing/index.js';

export { expect, test, vi } from 'vitest';

export declare const config: StepFuncSourceConfig;
export declare const invoke: Invoke;
export declare const input: unknown;
export declare const sfn: FakeSfn;
