import { throwIfAborted } from 'abort-controller-x';
import type { Clock } from '../async/clock.js';
import { sleep } from '../async/timer.js';
import { ActivityError } from './activity-error.js';
import { canPass } from './start-failure.js';

/** AWS allows one CreateActivity a second, for all instances together. */
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 10_000;

export interface AttemptStartOptions {
  /** How long attempts are made, in milliseconds. With 0 there is one. */
  timeoutMs: number;
  /** An attempt failed. The next is made in `retryInMs`; undefined: there is none. */
  onFailed(error: unknown, retryInMs: number | undefined): void;
  clock: Clock;
}

/**
 * Makes attempts until one succeeds, for `timeoutMs` if the trouble passes. Rejects with the last
 * attempt's error, and at once if that does not pass. Rejects with an AbortError when `signal`
 * aborts.
 */
export async function attemptStart<T>(
  signal: AbortSignal,
  attempt: () => Promise<T>,
  { timeoutMs, onFailed, clock }: AttemptStartOptions,
): Promise<T> {
  const endsAt = clock.monotonic() + timeoutMs;
  for (let failures = 1; ; failures += 1) {
    throwIfAborted(signal);
    try {
      return await attempt();
    } catch (error) {
      throwIfAborted(signal);
      const left = endsAt - clock.monotonic();
      const cause = error instanceof ActivityError ? error.cause : error;
      if (left <= 0 || !canPass(cause)) {
        onFailed(error, undefined);
        throw error;
      }
      // The last attempt is made at the end of the time.
      const retryInMs = Math.ceil(Math.min(left, startDelayMs(failures, clock.random())));
      onFailed(error, retryInMs);
      await sleep(signal, retryInMs, clock);
    }
  }
}

/** The wait doubles from 1 s to 10 s. Half of it is random, since instances start together. */
export function startDelayMs(failures: number, random: number): number {
  const ceiling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return (ceiling * (1 + random)) / 2;
}
