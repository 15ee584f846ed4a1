import { getProperty } from './property.js';

// By a registered symbol: the package's ES and CommonJS builds may both be loaded.
const OWN_WORDS = Symbol.for('stepfunc-source.ownWords');

/** Marks an error whose message is ours and quotes nothing, so that it may stand in a log line. */
export function inOwnWords<E extends Error>(error: E): E {
  return Object.defineProperty(error, OWN_WORDS, { value: true });
}

/** Whether {@link inOwnWords} has marked it. */
export function isInOwnWords(error: unknown): boolean {
  return getProperty(error, OWN_WORDS) === true;
}
