import { setMaxListeners } from 'node:events';
import { spawn } from 'abort-controller-x';
import { extendWithin, isNotOwned, releaseWithin } from './lock-calls.js';
import type { Lock } from '../locks/types.js';
import { createSleeper } from '../async/sleeper.js';

/** The two clocks of this machine, in milliseconds. */
export interface Clocks {
  /** Never leaps, but stands still while the machine is suspended. */
  monotonic(): number;
  /** Goes on while the machine is suspended, but leaps where somebody sets it. */
  wall(): number;
}

export const systemClocks: Clocks = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
};

/** One moment on both clocks. */
export interface Timestamp {
  readonly monotonic: number;
  readonly wall: number;
}

export function now(clocks: Clocks): Timestamp {
  return { monotonic: clocks.monotonic(), wall: clocks.wall() };
}

/** What a ttl means for the one who holds: all but the last tenth of it, counted from the asking. */
export function validityMs(ttlMs: number): number {
  return ttlMs * 0.9;
}

/** How long a store call may take. */
export function callMs(ttlMs: number): number {
  return ttlMs / 6;
}

export interface LeaseOptions {
  ttlMs: number;
  clocks: Clocks;
  /**
   * Runs while the lease is kept. `lost` aborts, with the error that says why, once the lease is no
   * longer ours; work then comes to its end in its own time. It should not reject.
   *
   * `isCertain` looks at the clocks: after a suspension or a blocked event loop, timers that are due
   * fire in any order, and work must not begin anything before the one that tells of the loss.
   */
  work(lost: AbortSignal, isCertain: () => boolean): Promise<void>;
  onRenewed(): void;
  /** Told once at most. */
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

/**
 * Keeps one lease that was granted to a call begun at `askedAt`.
 *
 * It is renewed every third of the ttl and, after a failure, every twelfth. Ours it is until nine
 * tenths of the ttl after the start of the last good renewal. That is counted on the monotonic
 * clock, which settles it. Where only the wall clock says so, either the machine was suspended and
 * the lease is long somebody else's, or the clock was set and nothing has happened: no clock of
 * this machine can tell the two apart (a paused virtual machine stops them all). The store can: the
 * lease is in doubt, a renewal is due at once, and whatever fails it, then, loses the lease. A wall
 * clock set back has no say.
 *
 * A lease that was lost for want of an answer is still renewed while its work comes to an end: as
 * long as nobody else has taken it over, that keeps others out.
 */
export function createLease(lock: Lock, askedAt: Timestamp, options: LeaseOptions): Lease {
  const { ttlMs, clocks, work, onRenewed, onLost, onStoreFailed } = options;
  const validMs = validityMs(ttlMs);
  const lost = new AbortController();
  // Work may listen to it as often as it likes; Node would warn of eleven.
  setMaxListeners(0, lost.signal);
  let renewed = askedAt;
  const { sleep: rest, wake } = createSleeper();

  function isInDoubt({ wall }: Timestamp): boolean {
    return !lost.signal.aborted && wall - renewed.wall >= validMs;
  }

  function isCertain(): boolean {
    const at = now(clocks);
    if (at.monotonic - renewed.monotonic >= validMs) lose(expired());
    const inDoubt = isInDoubt(at);
    if (inDoubt) wake();
    return !inDoubt && !lost.signal.aborted;
  }

  function expired(): LeaseExpired {
    return new LeaseExpired(`No renewal got through for ${validMs} ms`);
  }

  function lose(error: LeaseExpired | LeaseNotOwned): void {
    if (lost.signal.aborted) return;
    lost.abort(error);
    onLost(error);
  }

  async function keepRenewing(signal: AbortSignal): Promise<void> {
    let dueAt = renewed.monotonic + renewalMs(ttlMs);
    for (;;) {
      const asked = now(clocks);
      const leftMs = lost.signal.aborted ? Infinity : renewed.monotonic + validMs - asked.monotonic;
      if (leftMs <= 0) {
        lose(expired());
        continue;
      }
      const inDoubt = isInDoubt(asked);
      const restMs = dueAt - asked.monotonic;
      if (restMs > 0 && !inDoubt) {
        await rest(signal, Math.min(restMs, leftMs));
        continue;
      }
      try {
        await extendWithin(signal, Math.min(callMs(ttlMs), leftMs), lock, ttlMs);
        renewed = asked;
        dueAt = asked.monotonic + renewalMs(ttlMs);
        onRenewed();
      } catch (error) {
        // The work has ended: whatever came of this renewal is of no account.
        if (signal.aborted) return;
        if (isNotOwned(error)) {
          lose(new LeaseNotOwned('The store says that the lease is not ours', { cause: error }));
          return;
        }
        onStoreFailed(error);
        if (inDoubt) {
          lose(
            new LeaseExpired(
              `The wall clock leapt past the lease's ${validMs} ms, and the store did not confirm it`,
              { cause: error },
            ),
          );
        }
        dueAt = clocks.monotonic() + ttlMs / 12;
      }
    }
  }

  function run(): Promise<void> {
    // Nothing from outside ends the keeping: only the work's own end does.
    return spawn(new AbortController().signal, async (_signal, { fork, defer }) => {
      defer(() => releaseWithin(callMs(ttlMs), lock).catch(onStoreFailed));
      fork(keepRenewing);
      await work(lost.signal, isCertain);
    });
  }

  return {
    run,
    checkWallClock(at) {
      if (isInDoubt(at)) wake();
    },
    snapshot: () => ({ renewedAt: renewed.wall, lost: lost.signal.aborted }),
  };
}

/** Jittered downwards by a tenth, so that leases acquired together are not renewed together for ever. */
function renewalMs(ttlMs: number): number {
  return (ttlMs / 3) * (1 - Math.random() / 10);
}
