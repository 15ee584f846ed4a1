import { throwIfAborted } from 'abort-controller-x';
import type { Clock } from '../async/clock.js';
import { sleep } from '../async/timer.js';
import { ActivityError } from './activity-error.js';
import { canPass } from './start-failure.js';

/** The bucket of CreateActivity is refilled by one a second, for all instances together. */
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 10_000;

export interface AttemptStartOptions {
  /** How long attempts go on, in milliseconds. 0: there is one. */
  timeoutMs: number;
  /** An attempt failed for a passing reason. The next one is made in `retryInMs`. */
  onFailed(error: unknown, retryInMs: number): void;
  clock: Clock;
}

/**
 * Makes attempts until one succeeds, through passing trouble for `timeoutMs`. Rejects with the last
 * attempt's error, at once if that can't pass, and with an AbortError when `signal` aborts.
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
      if (left <= 0 || !canPass(cause)) throw error;
      // The last attempt is made at the very end.
      const retryInMs = Math.ceil(Math.min(left, startDelayMs(failures, clock.random())));
      onFailed(error, retryInMs);
      await sleep(signal, retryInMs, clock);
    }
  }
}

/** Doubles from 1 s to 10 s, of which the upper half is at random: instances start together. */
export function startDelayMs(failures: number, random: number): number {
  const ceiling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return (ceiling * (1 + random)) / 2;
}
