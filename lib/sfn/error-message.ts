import { getProperty } from '../common/property.js';
import { redact } from '../common/redact.js';

/** Longer messages are cut: a message may be a page of HTML. */
const MAX_LENGTH = 1_000;
/** A longer chain of causes is cut. */
const MAX_DEPTH = 4;

/** V8 quotes a body that is not JSON. It may be a part of a task's input or token. */
const QUOTED_JSON = /(?:, |\s)(?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON/gs;
/** Line ends, and characters that would control a terminal. */
const NOT_PLAIN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu;
/** The SDK's advice to a person with a debugger, which is of no use in a log. */
const SDK_HINT = /\s*Deserialization error: to see the raw response.*/s;

/** The messages of errors that quote what we sent, without the quotes. */
const redacted = new WeakMap<object, string>();

/**
 * Keeps secrets out of what {@link errorMessage} returns for this error: AWS may quote a token or a
 * cause that it refuses. The error itself is not changed.
 */
export function hideInMessage(error: unknown, secrets: readonly string[]): void {
  if (typeof error !== 'object' || error === null) return;
  redacted.set(error, messageOf(error, secrets));
}

/**
 * The words of AWS, the network or the SDK about a failed call: one line, 1,000 characters at most,
 * without secrets. Takes any value, and never throws.
 *
 * @example `User: arn:… is not authorized to perform: states:SendTaskSuccess …`
 * @example `connect ECONNREFUSED 127.0.0.1:9`
 */
export function errorMessage(error: unknown): string {
  const known = typeof error === 'object' && error !== null ? redacted.get(error) : undefined;
  return known ?? messageOf(error, []);
}

/**
 * The id by which AWS's support finds a call. Undefined if there was no response, or if it had no
 * id.
 */
export function requestIdOf(error: unknown): string | undefined {
  const id = getProperty(getProperty(error, '$metadata'), 'requestId');
  return typeof id === 'string' && /^[\x21-\x7e]{1,200}$/.test(id) ? id : undefined;
}

function messageOf(thrown: unknown, secrets: readonly string[]): string {
  const texts: string[] = [];
  const seen = new Set<unknown>();
  for (let error = thrown; texts.length < MAX_DEPTH && !seen.has(error); error = causeOf(error)) {
    if (error === undefined) break;
    seen.add(error);
    const text = ownMessage(error);
    if (text !== '' && !texts.some((outer) => outer.includes(text))) texts.push(text);
  }
  const message = redact(texts.join(' <- '), secrets).replaceAll(NOT_PLAIN, ' ').trim();
  return message === '' ? 'no message came with it' : shorten(message);
}

function shorten(message: string): string {
  if (message.length <= MAX_LENGTH) return message;
  // Without half a surrogate pair at the end.
  return `${message.slice(0, MAX_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

function ownMessage(error: unknown): string {
  const message = getProperty(error, 'message');
  if (typeof message !== 'string') return '';
  const text = message.replace(SDK_HINT, '').replaceAll(QUOTED_JSON, ' … is not valid JSON');
  // A page of HTML from a proxy or balancer says little without its status.
  const status = getProperty(getProperty(error, '$metadata'), 'httpStatusCode');
  return getProperty(error, 'name') === 'SyntaxError' && typeof status === 'number'
    ? `HTTP ${status}: ${text}`
    : text;
}

function causeOf(error: unknown): unknown {
  // If a connection was tried over several addresses, the first failure stands for all.
  const errors = getProperty(error, 'errors');
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  return getProperty(error, 'cause') ?? first;
}
