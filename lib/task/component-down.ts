import type { Clock } from '../async/clock.js';
import { sleep, startTimer } from '../async/timer.js';
import { neverConnected } from '../net/connection-error.js';

const FIRST_MS = 100;
const LONGEST_MS = 5_000;
/** An attempt that is open for so much longer than the failed one has got its connection. */
const MARGIN_MS = 1_000;

/** The events of a task that waits for its component. */
export interface ComponentWait {
  /**
   * The connection could not be made, and the task is sent again later. Called at every attempt.
   */
  onWaiting(error: unknown): void;
  /** The connection was made, or the task has ended. Whether it was made is a guess: see below. */
  onConnected(): void;
}

/**
 * Calls `invoke` until the connection to the component could be made, with jittered back-off from
 * 0.1 s to 5 s. Before that nothing has arrived at the component, so that nothing runs twice.
 *
 * Settles as the first call does that had a connection. Rejects with an AbortError if `signal`
 * aborts between two calls. There is no other time limit.
 */
export async function invokeWhenConnected<T>(
  signal: AbortSignal,
  invoke: (signal: AbortSignal) => Promise<T>,
  { onWaiting, onConnected }: ComponentWait,
  clock: Clock,
): Promise<T> {
  let failedAfterMs: number | undefined;
  try {
    for (let ceiling = FIRST_MS; ; ceiling = Math.min(LONGEST_MS, 2 * ceiling)) {
      const startedAt = clock.monotonic();
      // An invoke does not say when it has its connection. But a refusal comes sooner than a
      // response, and polls should not wait for a task that takes minutes.
      const cancel =
        failedAfterMs === undefined
          ? undefined
          : startTimer(failedAfterMs + MARGIN_MS, onConnected, clock);
      try {
        return await invoke(signal);
      } catch (error) {
        if (signal.aborted || !neverConnected(error)) throw error;
        failedAfterMs = clock.monotonic() - startedAt;
        onWaiting(error);
      } finally {
        cancel?.();
      }
      await sleep(signal, (ceiling * (1 + clock.random())) / 2, clock);
    }
  } finally {
    if (failedAfterMs !== undefined) onConnected();
  }
}
