/**
 * Takes a task to the component. Called once a task; whatever it does, the task is reported.
 *
 * `signal` aborts when the answer is no longer wanted, with an {@link InvokeAbortError} as reason. An
 * invoke that ignores it holds no slot: the source goes on without it, and drops what it answers.
 */
export type Invoke = (
  request: InvokeRequest,
  signal: AbortSignal,
) => Promise<InvokeResponse | Response>;

/** The fields are `fetch`'s own: `fetch(base + request.path, { ...request, signal })` will do. */
export interface InvokeRequest {
  method: 'POST';
  /** The configured `path`, query included. */
  path: string;
  /** `content-type: application/json` and `step-func-task`; a fresh object for every task. */
  headers: Record<string, string>;
  /** The task's input, byte for byte. */
  body: string;
  /** For `fetch`: a redirect would turn the POST into a GET of another page. It is a failure. */
  redirect: 'manual';
  /** The task's short id, as in events and log lines. */
  task: string;
}

/** What the component answered. A `fetch` Response may be returned in its place, unread. */
export interface InvokeResponse {
  /** 200 is success, any other status from 100 to 999 is failure. */
  status: number;
  /** Names in any case. Only `step-func-error` and `step-func-cause` matter. */
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

/** The `reason` of the signal that invoke gets. */
export class InvokeAbortError extends Error {
  // What cancellation helpers and fetch itself look for.
  override readonly name = 'AbortError';
  readonly code: InvokeAbortCode;

  constructor(code: InvokeAbortCode, message: string) {
    super(message);
    this.code = code;
  }
}
