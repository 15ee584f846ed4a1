import { STATUS_CODES } from 'node:http';
import { oneLine } from '../common/one-line.js';
import { redact } from '../common/redact.js';
import { decodeLeniently } from './decode-text.js';
import { httpErrorName } from './error-name.js';
import type { InvokeResponse } from './invoke.js';
import { MAX_CAUSE_LENGTH, MAX_ERROR_LENGTH } from './limits.js';
import { readOutput } from './output.js';
import { responseHeader, unrepeated } from './response-header.js';

/** What is reported of a task: SendTaskSuccess or SendTaskFailure. */
export type TaskResult =
  { outcome: 'success'; output: string } | { outcome: 'failure'; error: string; cause: string };

/** A result, and what events and log lines may say of it: of a component's own words, nothing. */
export type DescribedResult = TaskResult & { message?: string };

/**
 * Maps a component's response to what is reported of the task. Pure; whatever the response holds,
 * AWS accepts the result.
 *
 * Status 200 is success with the body as output (an empty one is `null`), if it is JSON of at most
 * 262,144 bytes. Bytes are decoded as UTF-8, else in the charset that the response declares; a BOM
 * is dropped. Any other status is failure: `error` is the header `step-func-error` or
 * `StepFuncSource.Http<status>`, `cause` the header `step-func-cause`, or the body, or the status
 * in words. Redirects are failures too: their cause tells where they lead.
 *
 * @example
 * toTaskResult({ status: 200, headers: {}, body: '6' }); // { outcome: 'success', output: '6' }
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

/** A failure in words of ours. `message` is what of them may be told outside of the history. */
export function ownFailure(error: string, cause: string, message = cause): DescribedResult {
  return { ...failure(error, cause), message: oneLine(message) };
}

/** A failure whose texts are cut to what AWS takes. */
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

/** Where the component names no cause itself. */
function causeOf({ status, headers, body }: InvokeResponse): string {
  const contentType = responseHeader(headers, 'content-type');
  const text = typeof body === 'string' ? body : decodeLeniently(body, contentType);
  const words = STATUS_CODES[status] ?? `Status ${status}`;
  const location = status >= 300 && status < 400 ? responseHeader(headers, 'location') : undefined;
  if (location === undefined) return text || words;
  const redirect = `${words}: the component redirects to ${withoutSecrets(location)}, and redirects are not followed.`;
  return text === '' ? redirect : `${redirect}\n${text}`;
}

/** Where it leads relative to the path, no slash tells {@link redact} that it is a URL. */
function withoutSecrets(location: string): string {
  return redact(location).replace(/([?#]).*$/s, '$1…');
}

/** At most `limit` UTF-16 units, well-formed, and never half a surrogate pair at the end. */
function cut(text: string, limit: number): string {
  const wellFormed = text.toWellFormed();
  if (wellFormed.length <= limit) return wellFormed;
  const splitsPair = /[\ud800-\udbff]/.test(wellFormed.charAt(limit - 1));
  return wellFormed.slice(0, splitsPair ? limit - 1 : limit);
}
