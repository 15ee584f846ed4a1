import { setMaxListeners } from 'node:events';
import { spawn } from 'abort-controller-x';
import type { Clock } from '../async/clock.js';
import { createSleeper } from '../async/sleeper.js';
import type { Lock } from '../locks/types.js';
import type { LeaseState, Timestamp } from './lease-state.js';
import { afterFailure, afterRenewal, isLost, nextStep, now, observe } from './lease-state.js';
import { callLimitMs, renewalMs, validityMs } from './lease-timing.js';
import { extendWithin, isNotOwned, releaseWithin } from './lock-calls.js';

export interface LeaseOptions {
  ttlMs: number;
  clock: Clock;
  /**
   * Runs while the lease is kept. `lost` aborts, with the error that says why, when the lease is
   * lost. Work then ends after its tasks. It should not reject.
   *
   * `checkHeld` compares the clocks. After a suspension or a blocked event loop, due timers fire in
   * any order. Without this check, work could begin something before the timer that finds the loss.
   */
  work(lost: AbortSignal, checkHeld: () => boolean): Promise<void>;
  onRenewed(): void;
  /** Called at most once. */
  onLost(error: LeaseExpired | LeaseNotOwned): void;
  /** A call to the store failed. It is made again; the lease is not yet lost. */
  onStoreFailed(error: unknown): void;
}

export interface Lease {
  /**
   * Works, renews until the work has settled, and releases the lease. Then it resolves, or rejects
   * with the work's error.
   */
  run(): Promise<void>;
  /**
   * Call it every twelfth of the ttl or so. It finds out if the wall clock has leapt past the
   * lease.
   */
  checkWallClock(at: Timestamp): void;
  snapshot(): LeaseSnapshot;
}

export interface LeaseSnapshot {
  /** When the last successful renewal, or the acquire, began: milliseconds of the wall clock. */
  renewedAt: number;
  /** The lease is lost, and its work is draining. */
  lost: boolean;
}

/** No renewal succeeded in time, so that another instance may hold the lease by now. */
export class LeaseExpired extends Error {
  override readonly name = 'LeaseExpired';
}

/** The store says that another owner holds the lease, or none. The store's error is the cause. */
export class LeaseNotOwned extends Error {
  override readonly name = 'LeaseNotOwned';
}

/**
 * Keeps one lease, acquired by a call that began at `requestedAt`. lease-state.ts has its states.
 */
export function createLease(lock: Lock, requestedAt: Timestamp, options: LeaseOptions): Lease {
  const { ttlMs, clock, work, onRenewed, onLost, onStoreFailed } = options;
  const lost = new AbortController();
  // Without this, Node would warn of a leak when work listens to it eleven times.
  setMaxListeners(0, lost.signal);
  const nextRenewalMs = () => renewalMs(ttlMs, clock.random());
  let state: LeaseState = {
    phase: 'held',
    renewedAt: requestedAt,
    renewDueAt: requestedAt.monotonic + nextRenewalMs(),
  };
  const { sleep, wake } = createSleeper(clock);

  /**
   * Enters a state. If the lease is lost by that, it aborts `lost`. `cause` is the store's last
   * error.
   */
  function enter(next: LeaseState, cause?: unknown): void {
    const { phase } = state;
    state = next;
    if (lost.signal.aborted || !isLost(next)) return;
    const error = lossOf(next.phase === 'taken', phase === 'inDoubt', cause);
    lost.abort(error);
    onLost(error);
  }

  function lossOf(taken: boolean, inDoubt: boolean, cause: unknown): LeaseExpired | LeaseNotOwned {
    const validMs = Math.round(validityMs(ttlMs));
    const options = cause === undefined ? undefined : { cause };
    if (taken) return new LeaseNotOwned('The store says that the lease is not ours', options);
    return new LeaseExpired(
      inDoubt
        ? `The wall clock leapt past the lease's ${validMs} ms, and the store did not confirm it`
        : `No renewal got through for ${validMs} ms`,
      options,
    );
  }

  async function keepRenewing(signal: AbortSignal): Promise<void> {
    let trouble: unknown;
    for (;;) {
      const at = now(clock);
      enter(observe(state, at, ttlMs), trouble);
      const step = nextStep(state, at, ttlMs);
      if (step.do === 'end') return;
      if (step.do === 'wait') {
        await sleep(signal, step.ms);
        continue;
      }
      try {
        await extendWithin(signal, step.withinMs, lock, ttlMs, clock);
        trouble = undefined;
        enter(afterRenewal(state, at, nextRenewalMs()));
        onRenewed();
      } catch (error) {
        // The work has ended: the result of this renewal no longer matters.
        if (signal.aborted) return;
        trouble = error;
        const notOwned = isNotOwned(error);
        if (!notOwned) onStoreFailed(error);
        enter(afterFailure(state, now(clock), ttlMs, notOwned), error);
      }
    }
  }

  return {
    // Only the end of the work ends the renewals: no signal from outside does.
    run: () =>
      spawn(new AbortController().signal, async (_signal, { fork, defer }) => {
        defer(() => releaseWithin(callLimitMs(ttlMs), lock, clock).catch(onStoreFailed));
        fork(keepRenewing);
        await work(lost.signal, () => {
          enter(observe(state, now(clock), ttlMs));
          if (state.phase === 'inDoubt') wake();
          return state.phase === 'held';
        });
      }),
    checkWallClock(at) {
      if (observe(state, at, ttlMs).phase === 'inDoubt') wake();
    },
    snapshot: () => ({ renewedAt: state.renewedAt.wall, lost: lost.signal.aborted }),
  };
}
