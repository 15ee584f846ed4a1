import type { Clock } from './clock.js';
import { sleep } from './timer.js';

export interface RetryOptions {
  /** Before the second attempt, at most. Doubles from one attempt to the next. */
  firstMs: number;
  /**
   * Between two attempts, at most.
   *
   * @default Infinity
   */
  longestMs?: number;
  /**
   * How many attempts there are.
   *
   * @default Infinity
   */
  attempts?: number;
}

/**
 * Attempts something until it succeeds, with back-off in between, of which the upper half is at
 * random. Rejects with the last attempt's error, or with the reason of `signal` when that aborts. An
 * attempt under way is waited for all the same, and its value counts.
 */
export async function retry<T>(
  signal: AbortSignal,
  attempt: () => Promise<T>,
  { firstMs, longestMs = Infinity, attempts = Infinity }: RetryOptions,
  clock: Clock,
): Promise<T> {
  for (let made = 1; ; made += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (made >= attempts) throw error;
      const ceiling = Math.min(longestMs, firstMs * 2 ** (made - 1));
      await sleep(signal, Math.round((ceiling * (1 + clock.random())) / 2), clock);
    }
  }
}
