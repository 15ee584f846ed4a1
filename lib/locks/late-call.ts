import { systemClock } from '../async/clock.js';
import { startDeadline } from '../async/timer.js';

/**
 * The least time limit, even if the ttl is short: a busy machine needs time to answer and to open a
 * connection.
 */
const SHORTEST_LIMIT_MS = 1_000;

/**
 * The greatest time limit, even if the ttl is long: a store that has not answered by then hardly
 * ever will.
 */
const LONGEST_LIMIT_MS = 3_000;

/** How long one call to a store may take, from the request for a connection to the response. */
export function callLimitMs(ttlMs: number): number {
  return Math.min(Math.max(ttlMs / 6, SHORTEST_LIMIT_MS), LONGEST_LIMIT_MS);
}

/**
 * How long a connection may take to open. A call may be late before that. The connection is then
 * there for the next call. If each late call ended it, a slow store would never be reached.
 */
export function connectLimitMs(ttlMs: number): number {
  return Math.min(Math.max(ttlMs, SHORTEST_LIMIT_MS), LONGEST_LIMIT_MS);
}

/** The store did not answer in time. */
export class StoreTimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(ms: number, waitedFor: string) {
    super(`No ${waitedFor} within ${Math.round(ms)} ms`);
  }
}

/** One step of a call. */
export interface Step {
  /** What the step waits for, for the error's message. */
  waitsFor: string;
  /**
   * Called after a sixth of the ttl, when the caller has stopped waiting. No other call should use
   * a connection that may be dead.
   */
  suspect?(): void;
  /** Called when the call is late. It ends the connection. */
  end?(error: Error): void;
}

/**
 * Runs a call within its time limit. If it is late, ends its present step and rejects with a {@link
 * StoreTimeoutError}, even if the call never settles. `call` says by `enter` which step it is in.
 * It must do nothing more when `isLate()` is true.
 */
export function endIfLate<T>(
  ttlMs: number,
  call: (enter: (step: Step) => void, isLate: () => boolean) => Promise<T>,
): Promise<T> {
  const limitMs = callLimitMs(ttlMs);
  return new Promise<T>((resolve, reject) => {
    let step: Step | undefined;
    let late = false;
    const cancelSuspicion = startDeadline(ttlMs / 6, () => step?.suspect?.(), systemClock);
    const end = (): void => {
      late = true;
      const error = new StoreTimeoutError(limitMs, step?.waitsFor ?? 'answer');
      reject(error);
      step?.end?.(error);
    };
    const cancelEnd = startDeadline(limitMs, end, systemClock);
    const settle = call(
      (entered) => void (step = entered),
      () => late,
    );
    settle
      .finally(() => {
        cancelSuspicion();
        cancelEnd();
      })
      .then(resolve, reject);
  });
}
