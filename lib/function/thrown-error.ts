import { inspect, types } from 'node:util';
import { getProperty } from '../common/property.js';
import { MAX_CAUSE_LENGTH, MAX_ERROR_LENGTH } from '../task/limits.js';

/** The report of a value that a handler has thrown. */
export interface ThrownError {
  /** The error name, for `Retry` and `Catch` in the state machine. */
  error: string;
  /** The cause: JSON, as AWS Lambda writes it, `{"errorType","errorMessage","trace"}`. */
  cause: string;
}

/**
 * Describes a thrown value, an error or not. By shape, since `instanceof` knows only the errors of
 * this realm. Never throws, even if a getter does.
 */
export function describeThrown(thrown: unknown): ThrownError {
  const errorType = typeOf(thrown);
  return {
    error: errorType.startsWith(RESERVED) ? 'Error' : errorType,
    cause: causeWithin(MAX_CAUSE_LENGTH, errorType, messageOf(thrown), traceOf(thrown)),
  };
}

/**
 * Only Step Functions itself may use these error names.
 *
 * @see {@link https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html}
 */
const RESERVED = 'States.';

function typeOf(thrown: unknown): string {
  const name = getProperty(thrown, 'name');
  return isError(thrown) && typeof name === 'string' && name !== ''
    ? cut(name, MAX_ERROR_LENGTH)
    : 'Error';
}

function messageOf(thrown: unknown): string {
  const message = isError(thrown) ? getProperty(thrown, 'message') : thrown;
  // Not more than fits: the next steps copy it.
  return cut(typeof message === 'string' ? message : inspectSafely(thrown), MAX_CAUSE_LENGTH);
}

function traceOf(thrown: unknown): string[] {
  const stack = isError(thrown) ? getProperty(thrown, 'stack') : undefined;
  return typeof stack === 'string' ? cut(stack, MAX_CAUSE_LENGTH).split('\n') : [];
}

/** A function has a name too, but is no error. */
function isError(thrown: unknown): boolean {
  return (
    typeof thrown === 'object' &&
    (typeof getProperty(thrown, 'message') === 'string' || types.isNativeError(thrown))
  );
}

function inspectSafely(value: unknown): string {
  try {
    return inspect(value, { depth: 2, breakLength: Infinity });
  } catch {
    return 'a value that can not be put into words';
  }
}

/** The cause as JSON of at most `limit` UTF-16 units. The trace is cut first, then the message. */
function causeWithin(
  limit: number,
  errorType: string,
  errorMessage: string,
  trace: readonly string[],
): string {
  const cause = (message: string, lines: readonly string[]) =>
    JSON.stringify({ errorType, errorMessage: message, trace: lines });
  const lines = mostThatFits(trace.length, (n) => cause(errorMessage, trace.slice(0, n)), limit);
  if (lines !== undefined) return cause(errorMessage, trace.slice(0, lines));
  const units = mostThatFits(errorMessage.length, (n) => cause(cut(errorMessage, n), []), limit);
  return cause(cut(errorMessage, units ?? 0), []);
}

/** The largest n from 0 to `most` for which `build(n)` fits. Undefined if not even 0 fits. */
function mostThatFits(
  most: number,
  build: (n: number) => string,
  limit: number,
): number | undefined {
  const fits = (n: number) => build(n).length <= limit;
  if (!fits(0)) return undefined;
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The first units of a text, without half a surrogate pair at the end. */
function cut(text: string, units: number): string {
  return text.length <= units ? text : text.slice(0, units).replace(/[\ud800-\udbff]$/, '');
}
