/**
 * Takes a task to the component. It is called once per task. If it throws or rejects, the task fails
 * with `StepFuncSource.InvokeFailed`.
 *
 * `signal` aborts when the response is no longer wanted, with an {@link InvokeAbortError} as reason. If
 * the invoke ignores the signal, its slot is freed and its response is dropped.
 *
 * @example
 * ```ts
 * const invoke: Invoke = (request, signal) =>
 *   fetch(`http://localhost:8080${request.path}`, { ...request, signal });
 * ```
 */
export type Invoke = (
  request: InvokeRequest,
  signal: AbortSignal,
) => Promise<InvokeResponse | Response>;

/** A task as an HTTP request. `fetch(base + request.path, { ...request, signal })` sends it. */
export interface InvokeRequest {
  /** Always POST. */
  method: 'POST';
  /** The configured `path`, query included. */
  path: string;
  /** `content-type: application/json` and `step-func-task`. Each task has an object of its own. */
  headers: Record<string, string>;
  /** The task's input, byte for byte. */
  body: string;
  /** For `fetch`. A redirect is a failure: `fetch` would turn the POST into a GET of another page. */
  redirect: 'manual';
  /** The task's short id, as in events and log lines. */
  task: string;
}

/** The component's response. A Response of `fetch` may take its place, if its body is unread. */
export interface InvokeResponse {
  /** 200 is success. Any other status, from 100 to 999, is failure. */
  status: number;
  /** Names in any case. `step-func-error` and `step-func-cause` name a failure's error and cause. */
  headers: Headers | Record<string, string | string[] | undefined>;
  /**
   * The output as JSON if the status is 200: text, or bytes in UTF-8 or in the charset that the
   * `content-type` declares.
   */
  body: string | Uint8Array;
}

/**
 * Why an invoke was aborted.
 *
 * - `timeout`: `invokeTimeoutMs` has passed
 * - `closed`: AWS says that the task is over (timed out, stopped, reported elsewhere)
 * - `leaseLost`: this instance lost the poller that the task ran under
 * - `stopped`: `stop({ graceMs })` has waited long enough
 */
export type InvokeAbortCode = 'timeout' | 'closed' | 'leaseLost' | 'stopped';

/** The `reason` of the signal that an invoke gets. */
export class InvokeAbortError extends Error {
  /** By this name, `fetch` and cancellation helpers recognize an abort. */
  override readonly name = 'AbortError';
  /** Why the invoke was aborted. */
  readonly code: InvokeAbortCode;

  constructor(code: InvokeAbortCode, message: string) {
    super(message);
    this.code = code;
  }
}
