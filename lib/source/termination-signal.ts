import { setMaxListeners } from 'node:events';
import { constants } from 'node:os';
import { systemClock } from '../async/clock.js';
import { formatValue } from '../common/format-value.js';
import { closestKey } from '../common/suggest-key.js';

/**
 * A second SIGINT after this long comes from a person who presses Ctrl-C again. A sooner one may be
 * npm's, which passes on the signal that the process has had already.
 */
const INSIST_MS = 2_000;

/** The exit code of a process that SIGINT has ended: 128 and the signal's number. */
const SIGINT_EXIT_CODE = 130;

/**
 * An AbortSignal for `run` and `runAll`. It aborts when the process gets a signal to terminate. The source
 * then drains, and the process ends by itself with exit code 0.
 *
 * From the first call on, these signals no longer end the process themselves. Further ones are
 * ignored, so that a task under way is not cut off. One exception: a SIGINT more than 2 s after the
 * first signal exits at once, with code 130.
 *
 * All calls share one listener per signal. A call after a signal has come returns an AbortSignal that
 * has aborted. A signal of another platform may be named; it never comes.
 *
 * @param signals - Default: SIGTERM (containers, systemd, Kubernetes, ECS) and SIGINT (Ctrl-C, pm2).
 * nodemon sends SIGUSR2, and Windows SIGBREAK for Ctrl-Break.
 * @throws TypeError if `signals` is no list of names, or names a signal that can't be caught.
 * @example
 * ```ts
 * await source.run(terminationSignal());
 * ```
 */
export function terminationSignal(
  signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'],
): AbortSignal {
  checkSignals(signals);
  const names = [...new Set(signals)].sort();
  const key = names.join();
  const controller = controllers.get(key) ?? createController();
  controllers.set(key, controller);
  for (const name of names) listenTo(name);
  const came = names.find((name) => received.has(name));
  if (came !== undefined) abort(controller, came);
  return controller.signal;
}

// A process has one set of signals, so that what is known of them is global too.
const controllers = new Map<string, AbortController>();
const listened = new Set<NodeJS.Signals>();
const received = new Set<NodeJS.Signals>();
let firstAt: number | undefined;

function createController(): AbortController {
  const controller = new AbortController();
  // Any number of sources may listen: without this, Node would warn of a leak.
  setMaxListeners(0, controller.signal);
  return controller;
}

function listenTo(name: NodeJS.Signals): void {
  if (listened.has(name)) return;
  listened.add(name);
  // Never removed: without a listener, a second SIGTERM would end the process and its tasks.
  process.on(name, onSignal);
}

function onSignal(name: NodeJS.Signals): void {
  const now = systemClock.monotonic();
  firstAt ??= now;
  if (name === 'SIGINT' && now - firstAt > INSIST_MS) process.exit(SIGINT_EXIT_CODE);
  received.add(name);
  for (const [key, controller] of controllers) {
    if (key.split(',').includes(name)) abort(controller, name);
  }
}

function abort(controller: AbortController, name: NodeJS.Signals): void {
  controller.abort(new DOMException(`The process received ${name}`, 'AbortError'));
}

/** Signals of other platforms: a listener does no harm, and they never come. */
const ELSEWHERE = ['SIGBREAK', 'SIGUSR1', 'SIGUSR2', 'SIGHUP', 'SIGQUIT', 'SIGWINCH'];
const UNCATCHABLE = ['SIGKILL', 'SIGSTOP'];

function checkSignals(signals: unknown): void {
  if (!Array.isArray(signals) || signals.length === 0) {
    throw new TypeError(
      `terminationSignal: expected a list of signals' names, such as ['SIGTERM', 'SIGINT'], got ${
        Array.isArray(signals) ? 'an empty one' : formatValue(signals)
      }`,
    );
  }
  const known = [...new Set([...Object.keys(constants.signals), ...ELSEWHERE])];
  for (const name of signals as readonly unknown[]) {
    if (UNCATCHABLE.includes(name as string)) {
      throw new TypeError(`terminationSignal: no process can catch ${String(name)}`);
    }
    if (known.includes(name as string)) continue;
    const meant = typeof name === 'string' ? meantBy(name, known) : undefined;
    throw new TypeError(
      `terminationSignal: expected a signal's name, such as 'SIGTERM', got ${formatValue(name)}${
        meant === undefined ? '' : `; did you mean ${meant}?`
      }`,
    );
  }
}

/** The signals that a misspelt name may have meant, out of some thirty. */
const USUAL = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGBREAK', 'SIGUSR1', 'SIGUSR2'];

function meantBy(name: string, known: readonly string[]): string | undefined {
  const whole = `SIG${name.toUpperCase()}`;
  return known.includes(whole) ? whole : closestKey(name, USUAL);
}
