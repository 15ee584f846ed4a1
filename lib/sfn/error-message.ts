import { getProperty } from '../common/property.js';
import { redact } from '../common/redact.js';

/** Longer messages are cut: a log line is no place for a page of HTML. */
const MAX_LENGTH = 1_000;
/** How deep a chain of causes is told; a longer one has told enough. */
const MAX_DEPTH = 4;

/** What V8 quotes of a body that is not JSON: it may be part of a task's input or token. */
const QUOTED_JSON = /(?:, |\s)(?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON/gs;
/** Line ends, and characters that would steer a terminal. */
const NOT_PLAIN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu;
/** The SDK's advice to whoever holds the error in a debugger. */
const SDK_HINT = /\s*Deserialization error: to see the raw response.*/s;

/** Messages of errors that quote what we sent, without it. */
const redacted = new WeakMap<object, string>();

/**
 * Keeps what must not be told out of what {@link errorMessage} will say of this error: AWS may
 * quote a token or a cause that it refuses. The error itself stays as it is.
 */
export function hideInMessage(error: unknown, secrets: readonly string[]): void {
  if (typeof error !== 'object' || error === null) return;
  redacted.set(error, messageOf(error, secrets));
}

/**
 * What AWS, the network or the SDK says of a failed call: one line, 1,000 characters at most, free
 * of secrets. Takes whatever was thrown and never throws.
 *
 * @example `User: arn:… is not authorized to perform: states:SendTaskSuccess …`
 * @example `connect ECONNREFUSED 127.0.0.1:9`
 */
export function errorMessage(error: unknown): string {
  const known = typeof error === 'object' && error !== null ? redacted.get(error) : undefined;
  return known ?? messageOf(error, []);
}

/** The id by which AWS's support finds a call. Undefined if there was no response, or none in it. */
export function requestIdOf(error: unknown): string | undefined {
  const id = getProperty(getProperty(error, '$metadata'), 'requestId');
  return typeof id === 'string' && /^[\x21-\x7e]{1,200}$/.test(id) ? id : undefined;
}

function messageOf(thrown: unknown, secrets: readonly string[]): string {
  const told: string[] = [];
  const seen = new Set<unknown>();
  for (let error = thrown; told.length < MAX_DEPTH && !seen.has(error); error = causeOf(error)) {
    if (error === undefined) break;
    seen.add(error);
    const text = ownMessage(error);
    if (text !== '' && !told.some((outer) => outer.includes(text))) told.push(text);
  }
  const message = redact(told.join(' <- '), secrets).replaceAll(NOT_PLAIN, ' ').trim();
  return message === '' ? 'no message came with it' : shorten(message);
}

function shorten(message: string): string {
  if (message.length <= MAX_LENGTH) return message;
  // Never half a surrogate pair.
  return `${message.slice(0, MAX_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

function ownMessage(error: unknown): string {
  const message = getProperty(error, 'message');
  if (typeof message !== 'string') return '';
  const text = message.replace(SDK_HINT, '').replaceAll(QUOTED_JSON, ' … is not valid JSON');
  // What a proxy or a balancer answers in HTML says little without its status.
  const status = getProperty(getProperty(error, '$metadata'), 'httpStatusCode');
  return getProperty(error, 'name') === 'SyntaxError' && typeof status === 'number'
    ? `HTTP ${status}: ${text}`
    : text;
}

function causeOf(error: unknown): unknown {
  // A connection that was tried over several addresses: the first failure speaks for all.
  const errors = getProperty(error, 'errors');
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  return getProperty(error, 'cause') ?? first;
}
