/**
 * The test kit, `stepfunc-source/testing`: Step Functions' activities without AWS. `FakeSfn` is
 * injected in place of an SFN client; `startFakeSfnServer` puts the same behind a real port.
 */
export { FakeSfn } from './fake-sfn.js';
export type { FakeSfnOptions, RunTaskOptions } from './fake-sfn-options.js';
export { startFakeSfnServer } from './fake-server.js';
export type { FakeSfnServer, FakeSfnServerOptions } from './fake-server.js';
export type { NoTask } from './emulator.js';
export type { Fault, FaultKind, FaultScope, OperationName } from './faults.js';
export type { TaskClocks, TaskOutcome } from './fake-task.js';
