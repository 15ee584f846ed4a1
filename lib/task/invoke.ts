import { chunksUntil } from '../net/body-chunks.js';
import { getProperty } from '../common/property.js';
import { readCapped } from '../net/capped-body.js';
import { MAX_OUTPUT_BYTES } from './result.js';

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
  /** `content-type: application/json`; a fresh object for every task. */
  headers: Record<string, string>;
  /** The task's input, byte for byte. */
  body: string;
}

/** What the component answered. A `fetch` Response may be returned in its place, unread. */
export interface InvokeResponse {
  /** 200 is success, any other status from 100 to 999 is failure. */
  status: number;
  /** Names in any case. Only `step-func-error` and `step-func-cause` matter. */
  headers: Headers | Record<string, string | string[] | undefined>;
  /** The output as JSON text where the status is 200. */
  body: string;
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

/**
 * Turns what invoke resolved to into a plain response, reading a fetch Response's body up to just
 * past what AWS takes. Throws a TypeError that tells what is wrong with anything else.
 *
 * Once `signal` aborts, what is left of a Response's body is cancelled: an invoke that ignores its
 * signal would leave a connection open, with the source itself reading from it.
 */
export async function readResponse(answer: unknown, signal?: AbortSignal): Promise<InvokeResponse> {
  if (typeof answer !== 'object' || answer === null) {
    throw new TypeError(`invoke must resolve to { status, headers, body }, got ${kindOf(answer)}`);
  }
  const { status, headers, body } = answer as Partial<Record<string, unknown>>;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 100 || status > 999) {
    throw new TypeError(
      `invoke's answer must have a status from 100 to 999, got ${typeof status === 'number' ? status : kindOf(status)}`,
    );
  }
  if (typeof headers !== 'object' || headers === null) {
    throw new TypeError(`invoke's answer must have headers, got ${kindOf(headers)}`);
  }
  return {
    status,
    headers: headers as InvokeResponse['headers'],
    body: isFetchResponse(answer) ? await readFetchResponse(answer, signal) : plainBody(body),
  };
}

function plainBody(body: unknown): string {
  if (typeof body === 'string') return body;
  throw new TypeError(`invoke's answer must have a string as body, got ${kindOf(body)}`);
}

// By shape: a Response of another undici, of node-fetch or of a test is as good as the global one.
function isFetchResponse(answer: object): answer is Response {
  return 'text' in answer && typeof answer.text === 'function' && 'bodyUsed' in answer;
}

async function readFetchResponse(response: Response, signal?: AbortSignal): Promise<string> {
  if (response.bodyUsed) {
    throw new TypeError("invoke's Response must be unread, but its body has been read already");
  }
  if (response.body === null) return '';
  const chunks: unknown = response.body;
  if (typeof getProperty(chunks, Symbol.asyncIterator) !== 'function') {
    throw new TypeError(`invoke's Response must have a body to read, got ${kindOf(chunks)}`);
  }
  const { body } = response;
  return readCapped(signal ? chunksUntil(signal, body) : body, MAX_OUTPUT_BYTES + 1);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : typeof value;
}
