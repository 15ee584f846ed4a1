import { execute } from 'abort-controller-x';
import type { Clock } from './clock.js';
import { LONGEST_TIMER_MS } from './clock.js';

/**
 * The loop is busy if a timer fires later than this, or if a turn takes longer. What has arrived may
 * then take several turns to read. The delay does not show how long the loop was blocked: a block of
 * a minute may end just as the timer is due.
 */
const BUSY_MS = 2;
/** How long a deadline lets a busy loop read before it acts: turns, and milliseconds. */
const MOST_TURNS = 10;
const MOST_READING_MS = 250;

/**
 * Calls `then` after any number of milliseconds, more than 24 days and Infinity included. Returns a
 * function that cancels it, and has no effect once `then` was called.
 *
 * A promise with a time limit nearly always settles first. A race against abort-controller-x's
 * `delay` takes two controllers, six listeners and two errors, which costs a task 10 % more CPU
 * (docs/performance.md). That is why this timer exists.
 */
export function startTimer(ms: number, then: () => void, clock: Clock, unref = false): () => void {
  let cancel: () => void;
  const wait = (left: number): void => {
    const next = left > LONGEST_TIMER_MS ? () => wait(left - LONGEST_TIMER_MS) : then;
    cancel = clock.setTimer(Math.min(left, LONGEST_TIMER_MS), next, unref);
  };
  wait(ms);
  return () => cancel();
}

/**
 * Calls `then` after `ms`, unless it is canceled: a time limit that never beats a response that has
 * already arrived.
 *
 * After a blocked event loop or a stopped process, Node runs due timers before it reads sockets. A
 * limit that acted at once would abort a poll whose task lies in the socket's buffer, and the task
 * would be lost. So a deadline lets the loop read first: one turn, and while the loop is busy, at most
 * 10 turns or 250 ms.
 */
export function startDeadline(ms: number, then: () => void, clock: Clock): () => void {
  const dueAt = clock.monotonic() + ms;
  let cancel = startTimer(
    ms,
    () => {
      const firedAt = clock.monotonic();
      read(MOST_TURNS, firedAt, firedAt + MOST_READING_MS, firedAt - dueAt > BUSY_MS);
    },
    clock,
  );

  function read(turns: number, from: number, until: number, wasBusy: boolean): void {
    cancel = clock.afterReading(() => {
      const now = clock.monotonic();
      const isBusy = wasBusy || now - from > BUSY_MS;
      if (isBusy && turns > 1 && now < until) read(turns - 1, now, until, isBusy);
      else then();
    });
  }

  return () => cancel();
}

/**
 * Resolves after any number of milliseconds. Rejects with an AbortError when `signal` aborts.
 * Leaves no timer and no listener behind.
 */
export function sleep(signal: AbortSignal, ms: number, clock: Clock): Promise<void> {
  return execute<void>(signal, (resolve) => startTimer(ms, resolve, clock));
}
