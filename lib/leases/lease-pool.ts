import type { SpawnEffects } from 'abort-controller-x';
import { catchAbortError, spawn } from 'abort-controller-x';
import type { Clock } from '../async/clock.js';
import { createSleeper } from '../async/sleeper.js';
import { sleep } from '../async/timer.js';
import type { LockFactory } from '../locks/types.js';
import type { Lease, LeaseExpired, LeaseNotOwned, LeaseSnapshot } from './lease.js';
import { createLease } from './lease.js';
import { now } from './lease-state.js';
import { tryRound } from './lease-round.js';
import { leastPauseMs, nextRoundMs, retryMs } from './lease-timing.js';
import type { Sharing } from './sharing.js';
import { createSharing } from './sharing.js';
import type { Outcome } from './try-acquire.js';
import { tryAcquire } from './try-acquire.js';

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
  /**
   * A call to the store failed, or brought what it should not. `index` is undefined for a call that
   * is about no lease: who else is here (rule L10).
   */
  storeFailed(index: number | undefined, error: unknown): void;
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
   * `checkHeld`, asked before anything is begun under the lease, is false if the lease is lost, or
   * in doubt until `renewed` or `lost` tells.
   */
  work(index: number, lost: AbortSignal, checkHeld: () => boolean): Promise<void>;
  /** How leases are shared evenly with other instances. Absent: first come, first served. */
  sharing?: SharingHooks;
  on: LeasePoolObserver;
  clock: Clock;
}

export interface SharingHooks {
  /** What all instances that share these leases call their group. */
  group: string;
  /** Brings the work under a lease to its end, in its own time. */
  handOver(index: number): void;
  /** How much the work under a lease has still to do: what has least to do is handed over first. */
  load(index: number): number;
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

/**
 * A pool of leases that this process competes for.
 *
 * One loop tries every lease that is not held here, in random order, round after round; each lease
 * that it gets is kept beside the loop (lease.ts). When to try is in lease-timing.ts, and who may in
 * sharing.ts.
 */
export function createLeasePool(options: LeasePoolOptions): LeasePool {
  const { locks, ttlMs, work, on, clock } = options;
  let { names } = options;
  const most = () => Math.min(names.length, options.maxHeld ?? Infinity);
  const { sleep: sleepUntilWoken, wake } = createSleeper(clock);
  const leases = new Map<number, { lease: Lease; since: number }>();

  /** Those that are ours and stay so, as far as is known. */
  const kept = (): number[] =>
    [...leases].flatMap(([index, { lease }]) =>
      index < names.length && !lease.snapshot().lost && sharing?.leaves(index) !== true
        ? [index]
        : [],
    );

  const { sharing: hooks } = options;
  const sharing: Sharing | undefined =
    hooks &&
    createSharing({
      locks,
      group: hooks.group,
      ttlMs,
      clock,
      standing: () => ({
        held: kept().length,
        pollers: names.length,
        cap: options.maxHeld ?? Infinity,
      }),
      candidates: (below) =>
        kept()
          .filter((index) => index < below)
          .sort((a, b) => hooks.load(a) - hooks.load(b)),
      handOver: hooks.handOver,
      onFailed: (error) => on.storeFailed(undefined, error),
    });

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
      if (sharing !== undefined) {
        // Who else is here is known before the first try.
        await sharing.look();
        fork(() => sharing.run(signal));
      }
      let failedRounds = 0;
      for (;;) {
        const startedAt = clock.monotonic();
        const round = await tryRound(competing, {
          ttlMs,
          clock,
          free: () => [...names.keys()].filter((index) => !leases.has(index)),
          total: () => names.length,
          held: () => ({ count: leases.size, most: most() }),
          isForOthers: (index) => sharing?.isForOthers(index) === true,
          tryOne: (index) => tryOne(competing, fork, index),
          lookAround: async () => sharing?.look(),
        });
        failedRounds = round.failed ? failedRounds + 1 : 0;
        const share = Math.min(1, leases.size / Math.max(most(), 1));
        const dueAt = startedAt + nextRoundMs(ttlMs, share, failedRounds, clock.random());
        const waitMs = Math.min(dueAt, round.claimableAt) - clock.monotonic();
        await sleepUntilWoken(competing, Math.max(waitMs, leastPauseMs(ttlMs)));
      }
    }

    async function tryOne(
      competing: AbortSignal,
      fork: SpawnEffects['fork'],
      index: number,
    ): Promise<Outcome> {
      const name = names[index];
      // Renamed since the round began.
      if (name === undefined) return { kind: 'returned' };
      const outcome = await tryAcquire(competing, locks, name, ttlMs, clock);
      if (outcome.kind === 'failed') on.storeFailed(index, outcome.error);
      else on.storeAnswered?.();
      if (outcome.kind === 'granted') {
        const { lock, requestedAt } = outcome;
        const lease = createLease(lock, requestedAt, {
          ttlMs,
          clock,
          work: (lost, checkHeld) => work(index, lost, checkHeld),
          onRenewed: () => on.renewed?.(index),
          onLost: (error) => on.lost(index, error),
          onStoreFailed: (error) => on.storeFailed(index, error),
        });
        fork(() => keep(index, lease));
      }
      return outcome;
    }

    async function keep(index: number, lease: Lease): Promise<void> {
      leases.set(index, { lease, since: clock.wall() });
      on.acquired(index);
      try {
        await lease.run();
      } catch (error) {
        // The others' leases are no worse for it; it is told in the end.
        bugs.push(error);
      }
      leases.delete(index);
      sharing?.released(index);
      on.released(index);
    }
  }

  async function watchClocks(signal: AbortSignal): Promise<never> {
    for (;;) {
      await sleep(signal, retryMs(ttlMs), clock);
      const at = now(clock);
      for (const { lease } of leases.values()) lease.checkWallClock(at);
    }
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
