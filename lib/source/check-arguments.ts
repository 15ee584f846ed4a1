import { checkKeys } from '../common/check-keys.js';
import { formatValue } from '../common/format-value.js';
import { getProperty } from '../common/property.js';
import { hintFor } from '../common/suggest-key.js';
import { eventNames } from '../observe/events.js';

/**
 * Checks the options of `stop`, `run` and `runAll`. A misspelt key would go unnoticed otherwise, and
 * the stop would have no time limit.
 *
 * @throws TypeError that names the key, what was expected and what was given.
 */
export function checkStopOptions(where: string, options: unknown): void {
  if (options === undefined) return;
  checkKeys(where, options, ['graceMs']);
  const graceMs = getProperty(options, 'graceMs');
  if (graceMs === undefined || (typeof graceMs === 'number' && graceMs >= 0)) return;
  throw new TypeError(
    `${where}: expected graceMs to be a number of milliseconds from 0, got ${formatValue(graceMs)}`,
  );
}

/** Checks the signal of `run` and `runAll`, by its shape: one of another realm will do. */
export function checkSignal(where: string, signal: unknown): void {
  const isSignal =
    typeof getProperty(signal, 'aborted') === 'boolean' &&
    typeof getProperty(signal, 'addEventListener') === 'function';
  if (isSignal) return;
  const hint =
    typeof getProperty(signal, 'abort') === 'function'
      ? 'an AbortController; did you mean its signal?'
      : formatValue(signal);
  throw new TypeError(
    `${where}: expected signal to be an AbortSignal, such as terminationSignal(), got ${hint}`,
  );
}

/** Checks the arguments of `on`, `once` and `off`: a listener of a misspelt name is never called. */
export function checkListener(where: string, name: unknown, listener: unknown): void {
  if (typeof name !== 'string') {
    throw new TypeError(`${where}: expected an event's name, got ${formatValue(name)}`);
  }
  if (!(eventNames as readonly string[]).includes(name)) {
    throw new TypeError(
      `${where}: unknown event ${JSON.stringify(name)}; ${hintFor(name, eventNames, 'events')}`,
    );
  }
  if (typeof listener === 'function') return;
  throw new TypeError(
    `${where}: expected a listener of ${name} to be a function, got ${formatValue(listener)}`,
  );
}
