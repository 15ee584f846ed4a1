import { abortable, delay, race } from 'abort-controller-x';

/** Node's timers hold 31 bits of milliseconds; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** abort-controller-x's `delay` for any number of milliseconds, more than 24 days and Infinity too. */
export async function longDelay(signal: AbortSignal, ms: number): Promise<void> {
  let left = ms;
  for (; left > LONGEST_TIMER_MS; left -= LONGEST_TIMER_MS) await delay(signal, LONGEST_TIMER_MS);
  return delay(signal, left);
}

/**
 * Runs `fn` for `ms` at most. Rejects with a TimeoutError at that moment, and with an AbortError
 * when `signal` aborts; `fn`'s own signal aborts in both cases. Settles then even if `fn` does not
 * heed its signal, and drops what comes of it later. Leaves no timer and no listener behind.
 */
export function bounded<T>(
  signal: AbortSignal,
  ms: number,
  fn: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return race(signal, (inner) => [abortable(inner, fn(inner)), expire(inner, ms)]);
}

async function expire(signal: AbortSignal, ms: number): Promise<never> {
  await longDelay(signal, ms);
  throw new TimeoutError(ms);
}

export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(ms: number) {
    super(`No answer within ${ms} ms`);
  }
}
