import { STATUS_CODES } from 'node:http';
import { oneLine } from '../common/one-line.js';
import { redact } from '../common/redact.js';
import { decodeLeniently } from './decode-text.js';
import { httpErrorName } from './error-name.js';
import type { InvokeResponse } from './invoke.js';
import { MAX_CAUSE_LENGTH, MAX_ERROR_LENGTH } from './limits.js';
import { readOutput } from './output.js';
import { responseHeader, unrepeated } from './response-header.js';

/** What the source reports of a task: by SendTaskSuccess or by SendTaskFailure. */
export type TaskResult =
  { outcome: 'success'; output: string } | { outcome: 'failure'; error: string; cause: string };

/** A result. Events and log lines have `message`, which is absent if the words are the component's. */
export type DescribedResult = TaskResult & { message?: string };

/**
 * Maps a component's response to what the source reports of the task. Never throws, and AWS accepts
 * every result.
 *
 * - Status 200 is success, if the body is JSON of at most 262,144 bytes. An empty body is `null`.
 * - Bytes are decoded as UTF-8, else in the charset that the response declares. A BOM is dropped.
 * - Any other status is failure, redirects included. `error` is the header `step-func-error`, else
 *   `StepFuncSource.Http<status>`. `cause` is the header `step-func-cause`, else the body, else the
 *   status in words. They are cut to 256 and 32,768 characters.
 *
 * @see {@link https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html}
 * @see {@link https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html}
 * @example
 * ```ts
 * toTaskResult({ status: 200, headers: {}, body: '6' }); // { outcome: 'success', output: '6' }
 * ```
 */
export function toTaskResult(response: InvokeResponse): TaskResult {
  const described = describeResult(response);
  if (described.outcome === 'success') return described;
  const { outcome, error, cause } = described;
  return { outcome, error, cause };
}

/** {@link toTaskResult}, with a message where the words are ours. */
export function describeResult(response: InvokeResponse): DescribedResult {
  if (response.status !== 200) return refused(response);
  const read = readOutput(response);
  return 'output' in read
    ? { outcome: 'success', output: read.output }
    : ownFailure(read.error, read.cause);
}

/** A failure in the source's words. `message` is the part that events and log lines may have. */
export function ownFailure(error: string, cause: string, message = cause): DescribedResult {
  return { ...failure(error, cause), message: oneLine(message) };
}

/** A failure, its texts cut to what AWS takes. */
export function failure(error: string, cause: string): TaskResult & { outcome: 'failure' } {
  return {
    outcome: 'failure',
    error: cut(error, MAX_ERROR_LENGTH),
    cause: cut(cause, MAX_CAUSE_LENGTH),
  };
}

function refused(response: InvokeResponse): TaskResult {
  const { status, headers } = response;
  const error = responseHeader(headers, 'step-func-error');
  return failure(
    error === undefined ? httpErrorName(status) : unrepeated(error),
    responseHeader(headers, 'step-func-cause') ?? causeOf(response),
  );
}

/** The cause of a failure for which the component names none. */
function causeOf({ status, headers, body }: InvokeResponse): string {
  const contentType = responseHeader(headers, 'content-type');
  const text = typeof body === 'string' ? body : decodeLeniently(body, contentType);
  const words = STATUS_CODES[status] ?? `Status ${status}`;
  const location = status >= 300 && status < 400 ? responseHeader(headers, 'location') : undefined;
  if (location === undefined) return text || words;
  const redirect = `${words}: the component redirects to ${withoutSecrets(location)}, and redirects are not followed.`;
  return text === '' ? redirect : `${redirect}\n${text}`;
}

/** A relative location has no slash by which {@link redact} would find its query. */
function withoutSecrets(location: string): string {
  return redact(location).replace(/([?#]).*/s, '$1…');
}

/** At most `limit` UTF-16 units, well-formed. Half a surrogate pair at the end is cut off too. */
function cut(text: string, limit: number): string {
  const wellFormed = text.toWellFormed();
  if (wellFormed.length <= limit) return wellFormed;
  const splitsPair = /[\ud800-\udbff]/.test(wellFormed.charAt(limit - 1));
  return wellFormed.slice(0, splitsPair ? limit - 1 : limit);
}
