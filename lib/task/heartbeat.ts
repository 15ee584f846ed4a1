import { throwIfAborted } from 'abort-controller-x';
import type { Clock } from '../async/clock.js';
import { classifyAwsError } from '../sfn/errors.js';
import { withTimeout } from '../async/timeout.js';
import type { Sfn } from '../sfn/api.js';
import { sleep } from '../async/timer.js';

/** A heartbeat that takes longer than its interval is late anyway, and the next one is due. */
const MIN_TIMEOUT_MS = 1_000;
const MAX_TIMEOUT_MS = 10_000;

export interface HeartbeatOptions {
  intervalMs: number;
  clock: Clock;
  /** A heartbeat failed. The task goes on, and so do its heartbeats. */
  onFailed(error: unknown): void;
}

/**
 * Sends SendTaskHeartbeat for one task, the first after one interval. Resolves when AWS says that
 * the task is closed. Rejects only with an AbortError, when `signal` aborts.
 *
 * Each interval is shortened at random, by a fifth at most. So tasks that were received together do
 * not send their heartbeats together, and none is late.
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
      // If `signal` has aborted, only the abort counts. Otherwise the task would end with this
      // error.
      throwIfAborted(signal);
      if (classifyAwsError(error) === 'closed') return;
      onFailed(error);
    }
  }
}
