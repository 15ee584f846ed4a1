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
   * Runs while the lease is kept. `lost` aborts, with the error that says why, once the lease is no
   * longer ours; work then comes to its end in its own time. It should not reject.
   *
   * `checkHeld` looks at the clocks: after a suspension or a blocked event loop, timers that are due
   * fire in any order, and work must not begin anything before the one that tells of the loss.
   */
  work(lost: AbortSignal, checkHeld: () => boolean): Promise<void>;
  onRenewed(): void;
  /** Called once at most. */
  onLost(error: LeaseExpired | LeaseNotOwned): void;
  /** A call to the store failed. By itself that changes nothing. */
  onStoreFailed(error: unknown): void;
}

export interface Lease {
  /**
   * Works, renews until the work has settled, and gives the lease back. Resolves then; rejects then
   * with what the work rejected with.
   */
  run(): Promise<void>;
  /** To be called every twelfth of the ttl or so: has the wall clock leapt past the lease? */
  checkWallClock(at: Timestamp): void;
  snapshot(): LeaseSnapshot;
}

export interface LeaseSnapshot {
  /** Start of the last good renewal, or of the acquire: milliseconds of wall clock. */
  renewedAt: number;
  /** No longer ours; what was under way is coming to its end. */
  lost: boolean;
}

/** The store could not be reached in time, so somebody else may hold the lease by now. */
export class LeaseExpired extends Error {
  override readonly name = 'LeaseExpired';
}

/** The store says that the lease is not ours; its own error is the cause. */
export class LeaseNotOwned extends Error {
  override readonly name = 'LeaseNotOwned';
}

/** Keeps one lease that was granted to a call begun at `requestedAt`. What it goes through: lease-state.ts. */
export function createLease(lock: Lock, requestedAt: Timestamp, options: LeaseOptions): Lease {
  const { ttlMs, clock, work, onRenewed, onLost, onStoreFailed } = options;
  const lost = new AbortController();
  // Work may listen to it as often as it likes; Node would warn of eleven.
  setMaxListeners(0, lost.signal);
  const nextRenewalMs = () => renewalMs(ttlMs, clock.random());
  let state: LeaseState = {
    phase: 'held',
    renewedAt: requestedAt,
    renewDueAt: requestedAt.monotonic + nextRenewalMs(),
  };
  const { sleep, wake } = createSleeper(clock);

  /** Moves on to a state, and tells if the lease is lost by that; `cause`: what the store said last. */
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
        // The work has ended: whatever came of this renewal is of no account.
        if (signal.aborted) return;
        trouble = error;
        const notOwned = isNotOwned(error);
        if (!notOwned) onStoreFailed(error);
        enter(afterFailure(state, now(clock), ttlMs, notOwned), error);
      }
    }
  }

  return {
    // Nothing from outside ends the keeping: only the work's own end does.
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
