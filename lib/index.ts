export { ActivityError } from './activity.js';
export { ConfigError } from './config.js';
export type { Sizes, StepFuncSourceConfig } from './config.js';
export { ErrorName } from './error-name.js';
export type {
  EndedEvent,
  EventName,
  Listener,
  ReportedEvent,
  RoleEvent,
  SourceEvent,
  StepFuncSourceEvents,
  StepFuncSourceState,
  TaskEvent,
} from './events.js';
export type { Health, HealthProblem } from './health.js';
export { InvokeAborted } from './invoke.js';
export type { Invoke, InvokeAbortCode, InvokeRequest, InvokeResponse } from './invoke.js';
export type { Lock, LockFactory } from './locks/types.js';
export type { Logger } from './log.js';
export type { StepFuncSourceOptions } from './options.js';
export type { LostHow } from './report.js';
export { toTaskResult } from './result.js';
export type { TaskResult } from './result.js';
export type { SfnClient, SfnClients } from './sfn.js';
export { createStepFuncSource } from './source.js';
export type { StepFuncSource } from './source.js';
export type { LeaseStatus, PollerStatus, StepFuncSourceStatus } from './status.js';
export type { StopOptions, StopSummary } from './stop.js';
