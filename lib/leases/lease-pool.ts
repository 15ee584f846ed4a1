import type { SpawnEffects } from 'abort-controller-x';
import { catchAbortError, spawn, throwIfAborted } from 'abort-controller-x';
import type { Clock } from '../async/clock.js';
import { systemClock } from '../async/clock.js';
import { createSleeper } from '../async/sleeper.js';
import { sleep } from '../async/timer.js';
import type { LockFactory } from '../locks/types.js';
import type { Lease, LeaseExpired, LeaseNotOwned, LeaseSnapshot } from './lease.js';
import { createLease } from './lease.js';
import { now } from './lease-state.js';
import { leastPauseMs, nextRoundMs, pauseMs, retryMs, triesAtATime } from './lease-timing.js';
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
   * `checkHeld`, asked before anything is begun under the lease, is false if the lease is lost, or
   * in doubt until `renewed` or `lost` tells.
   */
  work(index: number, lost: AbortSignal, checkHeld: () => boolean): Promise<void>;
  /** How leases are shared evenly with other instances. Absent: first come, first served. */
  sharing?: SharingHooks;
  on: LeasePoolObserver;
  clock?: Clock;
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
  const { locks, ttlMs, work, on, clock = systemClock } = options;
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
      onFailed: (error) => on.storeFailed(0, error),
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
        const round = await tryAll(competing, fork);
        failedRounds = round.failed ? failedRounds + 1 : 0;
        const share = Math.min(1, leases.size / Math.max(most(), 1));
        const dueAt = startedAt + nextRoundMs(ttlMs, share, failedRounds, clock.random());
        const waitMs = Math.min(dueAt, round.claimableAt) - clock.monotonic();
        await sleepUntilWoken(competing, Math.max(waitMs, leastPauseMs(ttlMs)));
      }
    }

    /** A round: ends early if the store fails twice running, or if enough is held. */
    async function tryAll(competing: AbortSignal, fork: SpawnEffects['fork']) {
      let free = shuffled(
        [...names.keys()].filter((index) => !leases.has(index)),
        clock,
      );
      let failures = 0;
      let claimableAt = Infinity;
      // The first try goes alone: a store that is down has two calls to refuse, not many.
      let size = 1;
      while (free.length > 0 && failures < 2) {
        throwIfAborted(competing);
        // Asked anew each time: others may have come meanwhile.
        const forUs = free.filter((index) => sharing?.isForOthers(index) !== true);
        const batch = forUs.slice(0, Math.min(size, Math.max(0, most() - leases.size)));
        free = forUs.slice(batch.length);
        if (batch.length === 0) break;
        const outcomes = await Promise.all(batch.map((index) => tryOne(competing, fork, index)));
        const { granted, failed, nextClaimAt } = sumUp(outcomes);
        claimableAt = Math.min(claimableAt, nextClaimAt);
        failures = failed === outcomes.length ? failures + 1 : 0;
        size = failures > 0 ? 1 : triesAtATime(names.length);
        if (granted === 0) continue;
        await sleep(competing, granted * pauseMs(ttlMs, leases.size, most()), clock);
        await sharing?.look();
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

function sumUp(outcomes: readonly Outcome[]) {
  const count = (kind: Outcome['kind']) => outcomes.filter((each) => each.kind === kind).length;
  const claims = outcomes.flatMap((each) => (each.kind === 'refused' ? [each.claimableAt] : []));
  return {
    granted: count('granted'),
    failed: count('failed'),
    nextClaimAt: Math.min(Infinity, ...claims),
  };
}

function shuffled<T>(items: T[], clock: Clock): T[] {
  return items
    .map((item) => ({ item, at: clock.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
