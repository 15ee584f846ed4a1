import { STATUS_CODES } from 'node:http';
import { ErrorName, httpErrorName } from './error-name.js';
import type { InvokeResponse } from './invoke.js';

/** Bytes of UTF-8 that AWS takes as a task's output (Step Functions quotas, "Maximum input or output size"). */
export const MAX_OUTPUT_BYTES = 262_144;
/** UTF-16 units that AWS takes as `error` of SendTaskFailure (API reference). */
export const MAX_ERROR_LENGTH = 256;
/** UTF-16 units that AWS takes as `cause` of SendTaskFailure (API reference). */
export const MAX_CAUSE_LENGTH = 32_768;

/** What is reported of a task: SendTaskSuccess or SendTaskFailure. */
export type TaskResult =
  { outcome: 'success'; output: string } | { outcome: 'failure'; error: string; cause: string };

/**
 * Maps a component's response to what is reported of the task. Pure; whatever the response holds,
 * AWS accepts the result.
 *
 * Status 200 is success with the body as output (an empty one is `null`), if it is JSON of at most
 * 262,144 bytes. Any other status is failure: `error` is the header `step-func-error` or
 * `StepFuncSource.Http<status>`, `cause` the header `step-func-cause`, or the body, or the status
 * in words.
 */
export function toTaskResult(response: InvokeResponse): TaskResult {
  return response.status === 200 ? fromOutput(response) : fromRefusal(response);
}

/** A failure whose texts are cut to what AWS takes. */
export function failure(error: string, cause: string): TaskResult {
  return {
    outcome: 'failure',
    error: cut(error, MAX_ERROR_LENGTH),
    cause: cut(cause, MAX_CAUSE_LENGTH),
  };
}

function fromOutput({ body, headers }: InvokeResponse): TaskResult {
  if (body === '') return { outcome: 'success', output: 'null' };
  const output = body.toWellFormed();
  const size = Buffer.byteLength(output);
  if (size > MAX_OUTPUT_BYTES) {
    // A body that was read with a cap is longer than what is here of it.
    const declared = Number(header(headers, 'content-length') ?? 0);
    return failure(
      ErrorName.OutputTooLarge,
      `The component's output has at least ${Math.max(size, declared || 0)} bytes; Step Functions takes ${MAX_OUTPUT_BYTES}.`,
    );
  }
  try {
    JSON.parse(output);
  } catch (error) {
    return failure(
      ErrorName.InvalidOutput,
      `The component answered 200 with ${size} bytes that are not JSON: ${String(error)}`,
    );
  }
  return { outcome: 'success', output };
}

function fromRefusal({ status, headers, body }: InvokeResponse): TaskResult {
  return failure(
    header(headers, 'step-func-error') ?? httpErrorName(status),
    header(headers, 'step-func-cause') ?? (body || (STATUS_CODES[status] ?? `Status ${status}`)),
  );
}

/** A header's text, or undefined where it is absent or empty. */
function header(headers: InvokeResponse['headers'], name: string): string | undefined {
  const value = isHeaders(headers) ? headers.get(name) : plainHeader(headers, name);
  return value ? decode(value) : undefined;
}

// By shape: the Headers of another fetch are as good as the global ones.
function isHeaders(headers: InvokeResponse['headers']): headers is Headers {
  return typeof headers['get' as keyof typeof headers] === 'function';
}

function plainHeader(
  headers: Record<string, string | string[] | undefined>,
  name: string,
): string | undefined {
  const key = name in headers ? name : Object.keys(headers).find((k) => k.toLowerCase() === name);
  const value: unknown = key === undefined ? undefined : headers[key];
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Header bytes arrive as latin1; components send UTF-8. What is valid UTF-8 is taken as such. */
function decode(text: string): string {
  // eslint-disable-next-line no-control-regex -- all of latin1, which is where bytes land
  if (!/[\u0080-\u00ff]/.test(text) || /[^\u0000-\u00ff]/.test(text)) return text;
  try {
    return utf8.decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}

/** At most `limit` UTF-16 units, well-formed, and never half a surrogate pair at the end. */
function cut(text: string, limit: number): string {
  const wellFormed = text.toWellFormed();
  if (wellFormed.length <= limit) return wellFormed;
  const splitsPair = /[\ud800-\udbff]/.test(wellFormed.charAt(limit - 1));
  return wellFormed.slice(0, splitsPair ? limit - 1 : limit);
}
