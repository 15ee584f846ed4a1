import { systemClock } from '../async/clock.js';
import { startDeadline } from '../async/timer.js';

/** However short the ttl: a busy machine takes its time to answer, and to open a connection. */
const SHORTEST_LIMIT_MS = 1_000;

/** However long the ttl: a store that has not answered by then will hardly answer at all. */
const LONGEST_LIMIT_MS = 3_000;

/** How long one call to a store may take, from asking for a connection to the answer. */
export function callLimitMs(ttlMs: number): number {
  return Math.min(Math.max(ttlMs / 6, SHORTEST_LIMIT_MS), LONGEST_LIMIT_MS);
}

/**
 * How long a connection may take to come about. A call may be late before: the connection is then
 * there for the next one. If it were ended with each late call, a slow store would never be reached.
 */
export function connectLimitMs(ttlMs: number): number {
  return Math.min(Math.max(ttlMs, SHORTEST_LIMIT_MS), LONGEST_LIMIT_MS);
}

/** The store gave no answer in time. */
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
   * Called after a sixth of the ttl, when whoever made the call waits no longer: nobody else should
   * be sent over a connection that may have died without a word.
   */
  suspect?(): void;
  /** Called when the call is late: ends that connection. */
  end?(error: Error): void;
}

/**
 * Runs a call within its limit. If it is late then, ends the step that it has come to and rejects
 * with a {@link StoreTimeoutError}, whatever becomes of the call itself. `call` says through
 * `enter` which step it has come to, and must not go on with anything once `isLate()`.
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
