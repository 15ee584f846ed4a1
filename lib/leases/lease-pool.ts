import type { SpawnEffects } from 'abort-controller-x';
import { catchAbortError, delay, spawn, throwIfAborted } from 'abort-controller-x';
import type {
  Clocks,
  Lease,
  LeaseExpired,
  LeaseSnapshot,
  LeaseNotOwned,
  Timestamp,
} from './lease.js';
import { callMs, createLease, now, systemClocks, validityMs } from './lease.js';
import { nextRoundMs, pauseMs, triesAtATime } from './lease-timing.js';
import { acquireWithin, claimableInMs, createLock, releaseWithin } from './lock-calls.js';
import type { LockFactory } from '../locks/types.js';
import { createSleeper } from '../async/sleeper.js';

/** What happens to a pool's leases. None of these may throw. */
export interface LeasePoolObserver {
  /** The lease was granted; its work begins. */
  acquired(index: number): void;
  /** The lease was prolonged. */
  renewed?(index: number): void;
  /** The lease is no longer ours; its work is coming to an end. */
  lost(index: number, error: LeaseExpired | LeaseNotOwned): void;
  /** The work has ended and the lease was given back, as far as the store let us. */
  released(index: number): void;
  /** A call to the store failed, or brought what it should not. */
  storeFailed(index: number, error: unknown): void;
  /** The store has answered a try to acquire as it should, be it with a refusal. */
  storeAnswered?(): void;
}

export interface LeasePoolOptions {
  locks: LockFactory;
  /** A lease each; the index is what the rest calls it by. */
  names: readonly string[];
  ttlMs: number;
  /** How many leases to hold at a time at most. Default: all. */
  maxHeld?: number | undefined;
  /**
   * Runs while lease `index` is held. `lost` aborts once the lease is no longer ours. The lease is
   * renewed until the returned promise settles, and then given back. It should not reject.
   *
   * `isCertain`, asked before anything is begun under the lease, is false where the lease is lost, or
   * in doubt until `renewed` or `lost` tells.
   */
  work(index: number, lost: AbortSignal, isCertain: () => boolean): Promise<void>;
  on: LeasePoolObserver;
  clocks?: Clocks;
}

export interface HeldLease extends LeaseSnapshot {
  index: number;
  /** When it was granted: milliseconds of wall clock. */
  since: number;
}

export interface LeasePool {
  /**
   * Competes for the leases until `signal` aborts. From then on it acquires no more, goes on
   * renewing what is held until the work of each has settled, gives it back, and resolves.
   *
   * Rejects only where work did, with what the first one rejected with, and then too at the end.
   */
  run(signal: AbortSignal): Promise<void>;
  /**
   * Competes for other leases from now on. Those that are held and no longer named are kept until
   * their work has ended; to end it is the caller's affair.
   */
  rename(names: readonly string[]): void;
  /** The leases held here, and those lost whose work has not ended, by index. */
  held(): HeldLease[];
}

/** What came of one try. */
type Outcome = 'granted' | 'failed' | { claimableAt: number };

/**
 * A pool of leases that this process competes for.
 *
 * One loop tries every lease that is not held here, in random order, round after round; each lease
 * that it gets is kept beside the loop (see lease.ts). When to try is lease-timing.ts's affair.
 */
export function createLeasePool(options: LeasePoolOptions): LeasePool {
  const { locks, ttlMs, work, on, clocks = systemClocks } = options;
  let { names } = options;
  const most = () => Math.min(names.length, options.maxHeld ?? Infinity);
  const { sleep: rest, wake } = createSleeper();
  const leases = new Map<number, { lease: Lease; since: number }>();

  async function run(signal: AbortSignal): Promise<void> {
    const bugs: unknown[] = [];

    // The clocks are watched as long as anything is held, which is longer than we compete.
    await spawn(new AbortController().signal, async (_signal, { fork }) => {
      fork(watchClocks);
      // By the outer signal: spawn's own does not know of an abort that comes before its function first waits.
      await spawn(signal, (_competing, { fork }) => compete(signal, fork)).catch(catchAbortError);
    });
    if (bugs.length > 0) throw bugs[0];

    async function compete(competing: AbortSignal, fork: SpawnEffects['fork']): Promise<never> {
      let failedRounds = 0;
      for (;;) {
        const startedAt = clocks.monotonic();
        const round = await tryAll(competing, fork);
        failedRounds = round.failed ? failedRounds + 1 : 0;
        const wanted =
          startedAt +
          nextRoundMs(ttlMs, Math.min(1, leases.size / Math.max(most(), 1)), failedRounds);
        const next = Math.min(wanted, round.claimableAt) - clocks.monotonic();
        // However slow the store or near a claim: a rest between rounds.
        await rest(competing, Math.max(next, ttlMs / 60));
      }
    }

    /** A round: ends early where the store fails twice running, or where enough is held. */
    async function tryAll(competing: AbortSignal, fork: SpawnEffects['fork']) {
      const free = shuffled([...names.keys()].filter((index) => !leases.has(index)));
      let failures = 0;
      let claimableAt = Infinity;
      // The first try goes alone: a store that is down has two calls to refuse, not many.
      for (
        let size = 1;
        free.length > 0 && failures < 2;
        size = failures > 0 ? 1 : triesAtATime(names.length)
      ) {
        throwIfAborted(competing);
        const batch = free.splice(0, Math.min(size, Math.max(0, most() - leases.size)));
        if (batch.length === 0) break;
        const outcomes = await Promise.all(batch.map((index) => tryOne(competing, fork, index)));
        let granted = 0;
        let failed = 0;
        for (const outcome of outcomes) {
          if (outcome === 'granted') granted += 1;
          else if (outcome === 'failed') failed += 1;
          else claimableAt = Math.min(claimableAt, outcome.claimableAt);
        }
        failures = failed === outcomes.length ? failures + 1 : 0;
        if (granted > 0) await delay(competing, granted * pauseMs(ttlMs, leases.size, most()));
      }
      return { failed: failures > 0, claimableAt };
    }

    async function tryOne(
      competing: AbortSignal,
      fork: SpawnEffects['fork'],
      index: number,
    ): Promise<Outcome> {
      const name = names[index];
      // Renamed since the round began.
      if (name === undefined) return { claimableAt: Infinity };
      const asked = now(clocks);
      try {
        const lock = createLock(locks, name, ttlMs);
        const granted = await acquireWithin(callMs(ttlMs), lock);
        on.storeAnswered?.();
        if (!granted) return { claimableAt: clocks.monotonic() + claimableInMs(lock) };
        if (competing.aborted || isStale(asked)) {
          await releaseWithin(callMs(ttlMs), lock);
          return { claimableAt: Infinity };
        }
        const lease = createLease(lock, asked, {
          ttlMs,
          clocks,
          work: (lost, isCertain) => work(index, lost, isCertain),
          onRenewed: () => on.renewed?.(index),
          onLost: (error) => on.lost(index, error),
          onStoreFailed: (error) => on.storeFailed(index, error),
        });
        fork(() => keep(index, lease));
        return 'granted';
      } catch (error) {
        on.storeFailed(index, error);
        return 'failed';
      }
    }

    async function keep(index: number, lease: Lease): Promise<void> {
      leases.set(index, { lease, since: clocks.wall() });
      on.acquired(index);
      try {
        await lease.run();
      } catch (error) {
        // The others' leases are no worse for it; it is told in the end.
        bugs.push(error);
      }
      leases.delete(index);
      on.released(index);
    }
  }

  async function watchClocks(signal: AbortSignal): Promise<never> {
    for (;;) {
      await delay(signal, ttlMs / 12);
      const at = now(clocks);
      for (const { lease } of leases.values()) lease.checkWallClock(at);
    }
  }

  /** Whether a grant may have ended before we heard of it: the machine was asleep in between. */
  function isStale(asked: Timestamp): boolean {
    const { monotonic, wall } = now(clocks);
    return Math.max(monotonic - asked.monotonic, wall - asked.wall) >= validityMs(ttlMs);
  }

  return {
    run,
    rename(to) {
      names = to;
      wake();
    },
    held: () =>
      [...leases]
        .map(([index, { lease, since }]) => ({ index, since, ...lease.snapshot() }))
        .sort((a, b) => a.index - b.index),
  };
}

function shuffled<T>(items: T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
