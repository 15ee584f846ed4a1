/**
 * The error names that the source itself reports, for `Retry` and `Catch` in a state machine. An error
 * that a component names in its header `step-func-error` is passed on unchanged.
 */
export const ErrorName = {
  /** The component did not respond within `invokeTimeoutMs`. */
  Timeout: 'StepFuncSource.Timeout',
  /** The invoke threw: no connection, a broken connection, or something that is no response. */
  InvokeFailed: 'StepFuncSource.InvokeFailed',
  /** The component answered 200 with a body that is not JSON. */
  InvalidOutput: 'StepFuncSource.InvalidOutput',
  /** The component answered 200 with more than the 262,144 bytes that AWS takes. */
  OutputTooLarge: 'StepFuncSource.OutputTooLarge',
  /** The task's input does not fit the schema of `functionInvoke`. The cause names the paths. */
  InvalidInput: 'StepFuncSource.InvalidInput',
  /** AWS did not take a valid output, for example because its KMS key is disabled. */
  OutputRefused: 'StepFuncSource.OutputRefused',
  /** The source was stopped before the component responded. A retry runs elsewhere. */
  Stopped: 'StepFuncSource.Stopped',
  /** This instance lost the lease of the task's poller. A retry runs elsewhere. */
  LeaseLost: 'StepFuncSource.LeaseLost',
} as const;

/**
 * The error name of a failed response without a header `step-func-error`.
 *
 * @param status - The response's HTTP status.
 * @example
 * ```ts
 * httpErrorName(503); // 'StepFuncSource.Http503'
 * ```
 */
export function httpErrorName(status: number): string {
  return `StepFuncSource.Http${status}`;
}
