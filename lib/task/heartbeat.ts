import { throwIfAborted } from 'abort-controller-x';
import type { Clock } from '../async/clock.js';
import { classifyAwsError } from '../sfn/errors.js';
import { withTimeout } from '../async/timeout.js';
import type { Sfn } from '../sfn/api.js';
import { sleep } from '../async/timer.js';

/** A heartbeat that takes longer than its interval is late anyway; the next one has its turn. */
const MIN_TIMEOUT_MS = 1_000;
const MAX_TIMEOUT_MS = 10_000;

export interface HeartbeatOptions {
  intervalMs: number;
  clock: Clock;
  /** A heartbeat did not get through. The task goes on, and so do the heartbeats. */
  onFailed(error: unknown): void;
}

/**
 * Sends SendTaskHeartbeat for one task, first after one interval, until AWS answers that the task
 * is closed: resolves then. Rejects only with an AbortError, once `signal` aborts.
 *
 * Intervals are jittered downwards, by a fifth at most, so that tasks received together do not
 * beat together and none beats late.
 */
export async function heartbeat(
  signal: AbortSignal,
  sfn: Sfn,
  token: string,
  { intervalMs, clock, onFailed }: HeartbeatOptions,
): Promise<void> {
  const timeoutMs = Math.min(MAX_TIMEOUT_MS, Math.max(MIN_TIMEOUT_MS, intervalMs));
  for (;;) {
    await sleep(signal, intervalMs * (1 - clock.random() / 5), clock);
    try {
      await withTimeout(signal, timeoutMs, (inner) => sfn.sendTaskHeartbeat(token, inner), clock);
    } catch (error) {
      // Aborted between the failure and here: only the abort counts, or the task would end in this error.
      throwIfAborted(signal);
      if (classifyAwsError(error) === 'closed') return;
      onFailed(error);
    }
  }
}
