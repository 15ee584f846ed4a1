export { ActivityError } from './sfn/activity-arn.js';
export { ConfigError } from './source/config-error.js';
export type { ConfigIssue } from './source/config-error.js';
export type { ConcurrencyLimits, StepFuncSourceConfig } from './source/config-keys.js';
export { ErrorName, httpErrorName } from './task/error-name.js';
export type {
  AttributedEvent,
  CallTrouble,
  EndedEvent,
  EventName,
  Listener,
  ReportedEvent,
  PollerEvent,
  SourceEvent,
  StepFuncSourceEvents,
  StepFuncSourceState,
  TaskEvent,
  Trouble,
} from './observe/events.js';
export type { Health, HealthCode, HealthProbe, HealthProblem } from './observe/health.js';
export { InvokeAbortError } from './task/invoke.js';
export type { Invoke, InvokeAbortCode, InvokeRequest, InvokeResponse } from './task/invoke.js';
export type { Lock, LockFactory } from './locks/types.js';
export type { Logger } from './observe/log.js';
export type { ClientConfig } from './sfn/client-config.js';
export type { StepFuncSourceOptions } from './source/option-keys.js';
export type { TaskLostReason } from './task/report.js';
export { toTaskResult } from './task/result.js';
export type { TaskResult } from './task/result.js';
export type { SfnClient, SfnClients } from './sfn/api.js';
export type { PickTaskAttributes, TaskAttributes } from './task/task-attributes.js';
export type { RunningTask } from './observe/running-tasks.js';
export { createStepFuncSource } from './source/source.js';
export type { StepFuncSource } from './source/handle.js';
export type { LeaseStatus, PollerStatus, StepFuncSourceStatus } from './observe/status.js';
export type { StopOptions, StopSummary } from './source/stop.js';
export { runAll } from './source/run-all.js';
export { terminationSignal } from './source/termination-signal.js';
