/**
 * Every error name that the source itself reports to Step Functions, for `Retry` and `Catch` in a
 * state machine. What a component names in its `step-func-error` header is passed on as it is.
 */
export const ErrorName = {
  /** The component did not answer within `invokeTimeoutMs`. */
  Timeout: 'StepFuncSource.Timeout',
  /** `invoke` threw: no connection, a connection that broke, an answer that is none. */
  InvokeFailed: 'StepFuncSource.InvokeFailed',
  /** The component answered 200 with a body that is not JSON. */
  InvalidOutput: 'StepFuncSource.InvalidOutput',
  /** The component answered 200 with more than 262,144 bytes, which is all that AWS takes. */
  OutputTooLarge: 'StepFuncSource.OutputTooLarge',
  /** The task's input is not what `functionInvoke`'s schema wants, and the cause names the paths. */
  InvalidInput: 'StepFuncSource.InvalidInput',
  /** AWS would not take a valid output, for example since its KMS key is disabled. */
  OutputRefused: 'StepFuncSource.OutputRefused',
  /** The source was stopped before the component had answered: run it elsewhere. */
  Stopped: 'StepFuncSource.Stopped',
  /** This instance lost the poller that the task ran under: run it elsewhere. */
  LeaseLost: 'StepFuncSource.LeaseLost',
} as const;

/**
 * The error name of a response whose status is not 200 and that names no error itself.
 *
 * @param status The response's HTTP status.
 * @example
 * httpErrorName(503); // 'StepFuncSource.Http503'
 */
export function httpErrorName(status: number): string {
  return `StepFuncSource.Http${status}`;
}
