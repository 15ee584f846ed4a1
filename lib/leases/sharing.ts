import { randomUUID } from 'node:crypto';
import { catchAbortError } from 'abort-controller-x';
import type { Clock } from '../async/clock.js';
import { createSleeper } from '../async/sleeper.js';
import { withTimeout } from '../async/timeout.js';
import type { LockFactory, Membership } from '../locks/types.js';
import type { FairShare, Standing } from './fair-share.js';
import { formatStanding, parseStanding, planFairShare } from './fair-share.js';
import { callLimitMs, membershipMs } from './lease-timing.js';

export interface SharingOptions {
  locks: LockFactory;
  /** What all instances that share these leases call their group. */
  group: string;
  ttlMs: number;
  clock: Clock;
  /** How this instance stands now, its `leaving` aside. */
  standing(): Omit<Standing, 'id' | 'leaving'>;
  /** Leases with an index below this that may be handed over, those first whose work ends soonest. */
  candidates(below: number): readonly number[];
  /** Ends the work under a lease; the lease is given back by that. */
  handOver(index: number): void;
  onFailed(error: unknown): void;
}

/** Fair shares among instances that know of each other through the store (rule L10). */
export interface Sharing {
  /** Is here, and looks who else is, until `signal` aborts; then says goodbye. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Looks now, unless it has done so a moment ago. Never rejects. */
  look(): Promise<void>;
  /** Whether this lease is being handed over, or was within the last ttl. */
  leaves(index: number): boolean;
  /** Whether this lease, if it is free, is not for us: we leave it, or others have less. */
  isForOthers(index: number): boolean;
  /** A lease was given back. */
  released(index: number): void;
}

/** Where the store has no membership, there is no L10. */
export function createSharing(options: SharingOptions): Sharing | undefined {
  const { locks, group, ttlMs, clock, standing, candidates, handOver, onFailed } = options;
  const created: unknown = locks.createMembership?.(group, ttlMs);
  if (created === undefined) return undefined;
  const membership = created as Membership;
  const id = randomUUID().slice(0, 8);
  /** Leases on their way to somebody else, each with the moment until which it is left alone. */
  const leaving = new Map<number, number>();
  const { sleep, wake } = createSleeper(clock);
  let share: FairShare = { wanted: 0, yieldsBelow: 0 };
  let lookedAt = -Infinity;
  let wantedSince = Infinity;
  let said = '';
  let isSettled = false;

  function myStanding(): Standing {
    for (const [index, until] of leaving) if (until <= clock.monotonic()) leaving.delete(index);
    return { id, leaving: leaving.size, ...standing() };
  }

  async function look(): Promise<void> {
    if (clock.monotonic() - lookedAt < ttlMs / 60) return;
    lookedAt = clock.monotonic();
    try {
      const me = myStanding();
      const says = formatStanding(me);
      const texts = await call(() => membership.renew(says));
      share = planFairShare(
        me,
        texts.flatMap((text) => parseStanding(text) ?? []),
      );
      const first = nextToHandOver();
      isSettled = says === said && share.wanted === 0 && leaving.size === 0;
      said = says;
      if (first === undefined) return;
      leaving.set(first, Infinity);
      handOver(first);
    } catch (error) {
      // Whoever is not known to be here must not be waited for.
      share = { wanted: 0, yieldsBelow: 0 };
      // No more often than a lease is renewed, as long as the store is away.
      isSettled = true;
      onFailed(error);
    }
  }

  /** One at a time, and only for those who still lack it after a while: they may be taking free ones. */
  function nextToHandOver(): number | undefined {
    const at = clock.monotonic();
    wantedSince = share.wanted > 0 ? Math.min(wantedSince, at) : Infinity;
    const isHandingOver = [...leaving.values()].includes(Infinity);
    if (isHandingOver || at - wantedSince < callLimitMs(ttlMs)) return undefined;
    return candidates(share.handOverBelow ?? 0)[0];
  }

  function call<T>(fn: () => Promise<T>): Promise<T> {
    return withTimeout(new AbortController().signal, callLimitMs(ttlMs), fn, clock);
  }

  async function keepLooking(signal: AbortSignal): Promise<never> {
    for (;;) {
      await sleep(signal, membershipMs(ttlMs, isSettled, clock.random()));
      await look();
    }
  }

  return {
    async run(signal) {
      await keepLooking(signal).catch(catchAbortError);
      // Best effort: it counts as gone after a ttl anyway.
      await call(() => membership.leave()).catch(() => undefined);
    },
    look,
    leaves: (index) => leaving.has(index),
    isForOthers: (index) => leaving.has(index) || index < share.yieldsBelow,
    released(index) {
      if (!leaving.has(index)) return;
      leaving.set(index, clock.monotonic() + ttlMs);
      wake();
    },
  };
}
