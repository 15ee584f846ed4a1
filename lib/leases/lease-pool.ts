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

/** The events of a pool. None of these functions may throw. */
export interface LeasePoolObserver {
  /** The lease was acquired, and its work begins. */
  acquired(index: number): void;
  /** The lease was renewed. */
  renewed?(index: number): void;
  /** The lease is lost, and its work is draining. */
  lost(index: number, error: LeaseExpired | LeaseNotOwned): void;
  /** The work has ended, and the lease was released if the store could be reached. */
  released(index: number): void;
  /**
   * A call to the store failed, or its answer was wrong. `index` is undefined for a call that is
   * about no lease (rule L10).
   */
  storeFailed(index: number | undefined, error: unknown): void;
  /** The store answered an attempt to acquire, even if it refused. */
  storeAnswered?(): void;
}

export interface LeasePoolOptions {
  locks: LockFactory;
  /** One lease per name. Its index is its name everywhere else. */
  names: readonly string[];
  ttlMs: number;
  /** How many leases to hold at a time. Default: all. */
  maxHeld?: number | undefined;
  /**
   * Runs while lease `index` is held. `lost` aborts when the lease is lost. The lease is renewed
   * until the returned promise settles, and then released. It should not reject.
   *
   * `checkHeld` must be asked before anything is begun under the lease. It is false if the lease is
   * lost, or in doubt until `renewed` or `lost` is called.
   */
  work(index: number, lost: AbortSignal, checkHeld: () => boolean): Promise<void>;
  /** How leases are shared evenly among instances. Absent: first come, first served. */
  sharing?: SharingHooks;
  on: LeasePoolObserver;
  clock: Clock;
}

export interface SharingHooks {
  /** The name of the group of all instances that share these leases. */
  group: string;
  /** Ends the work under a lease, after its tasks. */
  handOver(index: number): void;
  /** How much work a lease has left. The lease with the least work is handed over first. */
  load(index: number): number;
}

export interface HeldLease extends LeaseSnapshot {
  index: number;
  /** When it was acquired: milliseconds of the wall clock. */
  since: number;
}

export interface LeasePool {
  /**
   * Competes for the leases until `signal` aborts. From then on it acquires no more. It renews each
   * lease until its work has settled, releases it, and resolves when all are released.
   *
   * If the work of a lease rejects, so does this, with the first error, and also only at the end.
   */
  run(signal: AbortSignal): Promise<void>;
  /**
   * Competes for other leases from now on. A lease that is held and no longer named is kept until
   * its work has ended. The caller has to end that work.
   */
  rename(names: readonly string[]): void;
  /** The leases that are held, and lost ones whose work has not ended, by index. */
  held(): HeldLease[];
}

/**
 * A pool of leases that this process competes for.
 *
 * One loop tries the leases that are not held here, in random order, round after round. A lease
 * that it acquires is kept beside the loop (lease.ts). lease-timing.ts says when to try, and
 * sharing.ts who may try.
 */
export function createLeasePool(options: LeasePoolOptions): LeasePool {
  const { locks, ttlMs, work, on, clock } = options;
  let { names } = options;
  const most = () => Math.min(names.length, options.maxHeld ?? Infinity);
  const { sleep: sleepUntilWoken, wake } = createSleeper(clock);
  const leases = new Map<number, { lease: Lease; since: number }>();

  /** The leases that are held and are going to be kept. */
  const kept = (): number[] =>
    [...leases].flatMap(([index, { lease }]) =>
      index < names.length && !lease.snapshot().lost && sharing?.isHandedOver(index) !== true
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
        draining: [...leases].filter(
          ([index, { lease }]) => index >= names.length || lease.snapshot().lost,
        ).length,
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

    // The clocks are watched as long as a lease is held, which is longer than the competing.
    await spawn(new AbortController().signal, async (_signal, { fork }) => {
      fork(watchClocks);
      // The outer signal: spawn's own misses an abort that comes before its function first waits.
      await spawn(signal, (_competing, { fork }) => compete(signal, fork)).catch(catchAbortError);
    });
    if (bugs.length > 0) throw bugs[0];

    async function compete(competing: AbortSignal, fork: SpawnEffects['fork']): Promise<never> {
      if (sharing !== undefined) {
        // The first try must know of the other instances, or it would take too many.
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
          forUs: (free) => sharing?.forUs(free) ?? free,
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
      // The pool was renamed since the round began.
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
        // An error of one lease's work must not end the other leases. It is thrown at the end.
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
