export { ActivityError } from './activity.js';
export { ConfigError } from './config.js';
export type { StepFuncSourceConfig } from './config.js';
export { ErrorName } from './error-name.js';
export type { EventName, Listener, StepFuncSourceEvents, StepFuncSourceState } from './events.js';
export { InvokeAborted } from './invoke.js';
export type { Invoke, InvokeAbortCode, InvokeRequest, InvokeResponse } from './invoke.js';
export type { Logger } from './log.js';
export type { StepFuncSourceOptions } from './options.js';
export { toTaskResult } from './result.js';
export type { TaskResult } from './result.js';
export type { SfnClient, SfnClients } from './sfn.js';
export { createStepFuncSource } from './source.js';
export type {
  PollerStatus,
  StepFuncSource,
  StepFuncSourceStatus,
  StopOptions,
  StopSummary,
} from './source.js';
