import { execute } from 'abort-controller-x';

/** Node's timers hold 31 bits of milliseconds; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * Calls `then` after any number of milliseconds, more than 24 days and Infinity too. Returns what
 * cancels it, which has no effect once it was called.
 *
 * The library's only timer of its own. Where a promise is bounded in time, the promise nearly always
 * wins; with a race against abort-controller-x's `delay`, which then takes two controllers, six
 * listeners and two errors, a task costs 10 % more (docs/performance.md).
 */
export function startTimer(ms: number, then: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    const next = left > LONGEST_TIMER_MS ? () => wait(left - LONGEST_TIMER_MS) : then;
    timer = setTimeout(next, Math.min(left, LONGEST_TIMER_MS));
  };
  wait(ms);
  return () => clearTimeout(timer);
}

/** abort-controller-x's `delay`, for any number of milliseconds. */
export function longDelay(signal: AbortSignal, ms: number): Promise<void> {
  return execute<void>(signal, (resolve) => startTimer(ms, resolve));
}
