import { inspect, types } from 'node:util';
import { getProperty } from '../common/property.js';
import { MAX_CAUSE_LENGTH, MAX_ERROR_LENGTH } from '../task/limits.js';

/** What is reported of a value that a handler has thrown. */
export interface ThrownError {
  /** For `Retry` and `Catch` in the state machine. */
  error: string;
  /** JSON, as AWS Lambda writes it: `{"errorType","errorMessage","trace"}`. */
  cause: string;
}

/**
 * Describes whatever was thrown: an error, one of another realm, or no error at all. By shape, as
 * `instanceof` knows only the errors of its own realm. Never throws, whatever getters there are.
 */
export function describeThrown(thrown: unknown): ThrownError {
  const errorType = typeOf(thrown);
  return {
    error: errorType.startsWith(RESERVED) ? 'Error' : errorType,
    cause: causeWithin(MAX_CAUSE_LENGTH, errorType, messageOf(thrown), traceOf(thrown)),
  };
}

/** Error names that only Step Functions itself may use (Amazon States Language, "Error names"). */
const RESERVED = 'States.';

function typeOf(thrown: unknown): string {
  const name = getProperty(thrown, 'name');
  return isError(thrown) && typeof name === 'string' && name !== ''
    ? cut(name, MAX_ERROR_LENGTH)
    : 'Error';
}

function messageOf(thrown: unknown): string {
  const message = isError(thrown) ? getProperty(thrown, 'message') : thrown;
  // No more than fits: what follows works on copies.
  return cut(typeof message === 'string' ? message : inspectSafely(thrown), MAX_CAUSE_LENGTH);
}

function traceOf(thrown: unknown): string[] {
  const stack = isError(thrown) ? getProperty(thrown, 'stack') : undefined;
  return typeof stack === 'string' ? cut(stack, MAX_CAUSE_LENGTH).split('\n') : [];
}

/** A function has a name too, and is no error. */
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

/** The cause as JSON of at most `limit` UTF-16 units: of the trace, then of the message, less. */
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

/** The largest n from 0 to `most` of which `build(n)` fits; undefined if not even 0 does. */
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

/** The first units of a text, and never half a surrogate pair at its end. */
function cut(text: string, units: number): string {
  return text.length <= units ? text : text.slice(0, units).replace(/[\ud800-\udbff]$/, '');
}
