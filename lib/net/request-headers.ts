import { formatValue } from '../common/format-value.js';
import { inOwnWords } from '../common/own-words.js';
import { getProperty } from '../common/property.js';

/** Headers of a request: an object, Headers, a Map, or entries. */
export type HeadersInput =
  Readonly<Record<string, string>> | Iterable<readonly [name: string, value: string]>;

/** undici sets these itself, or can't send them. */
const RESERVED = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Checks headers, and puts their names into lower case, so that none is sent twice. `what` names
 * them in an error message. The message has no value, since a value may be a secret.
 *
 * @throws TypeError if a header is wrong. `undefined` as a value is wrong too: the component would
 * refuse the request without saying that its authorization is missing.
 */
export function checkHeaders(headers: unknown, what: string): Record<string, string> {
  const checked: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of entriesOf(headers, what)) {
    const key = checkName(name, what).toLowerCase();
    const text = checkValue(value, `${what}: header ${key}`);
    const before = checked[key];
    checked[key] = before === undefined ? text : `${before}, ${text}`;
  }
  return { ...checked };
}

function entriesOf(headers: unknown, what: string): [unknown, unknown][] {
  if (typeof headers !== 'object' || headers === null) throw unusable(what, headers);
  if (typeof getProperty(headers, Symbol.iterator) === 'function') {
    return Array.from(headers as Iterable<unknown>, (entry) => {
      if (Array.isArray(entry) && entry.length === 2) return entry as [unknown, unknown];
      throw refused(
        `${what}: expected entries of [name, value], got ${Array.isArray(entry) ? `${entry.length} values` : `a ${typeof entry}`}`,
      );
    });
  }
  // A promise, or an object of a class, would otherwise count as an object without headers.
  if (!isPlain(headers)) throw unusable(what, headers);
  return Object.entries(headers);
}

/** Whether it is a plain object, of this realm or another. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function unusable(what: string, headers: unknown): TypeError {
  const isPromise = typeof getProperty(headers, 'then') === 'function';
  const got = isPromise ? 'a promise (give a function that returns it)' : formatValue(headers);
  return refused(`${what}: expected an object, Headers or entries of headers, got ${got}`);
}

function checkName(name: unknown, what: string): string {
  if (typeof name !== 'string' || !/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) {
    const got = typeof name === 'string' ? 'a text that is none' : formatValue(name);
    throw refused(`${what}: expected a header's name, got ${got}`);
  }
  if (RESERVED.has(name.toLowerCase())) {
    throw refused(`${what}: ${name} is set by httpInvoke itself, leave it out`);
  }
  return name;
}

function checkValue(value: unknown, what: string): string {
  if (typeof value !== 'string') {
    // Never the value: it may be a secret.
    const isSafe = typeof value === 'object' || value === undefined;
    const got = isSafe ? formatValue(value) : `a ${typeof value}`;
    throw refused(`${what}: expected a string, got ${got}`);
  }
  if (!/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)) {
    throw refused(
      `${what}: expected characters of Latin-1, without line ends or other control characters`,
    );
  }
  return value;
}

function refused(message: string): TypeError {
  return inOwnWords(new TypeError(message));
}
