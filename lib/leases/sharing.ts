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

/** What came of the last look. */
interface Seen {
  readonly share: FairShare;
  /** Since when others have wanted leases of ours, by the monotonic clock; Infinity: they don't. */
  readonly wantedSince: number;
  /** What we told the others of ourselves. */
  readonly said: string;
  /** Nothing has changed hands: the next look may be a while away. */
  readonly isSettled: boolean;
}

const nobodyElse: FairShare = { wanted: 0, yieldsBelow: 0 };

/** Undefined if the store has no membership: rule L10 then does not hold. */
export function createSharing(options: SharingOptions): Sharing | undefined {
  const { locks, group, ttlMs, clock, standing, candidates, handOver, onFailed } = options;
  const created: unknown = locks.createMembership?.(group, ttlMs);
  if (created === undefined) return undefined;
  const membership = created as Membership;
  const id = randomUUID().slice(0, 8);
  /** Leases on their way to somebody else, each with the moment until which it is left alone. */
  const leaving = new Map<number, number>();
  const { sleep, wake } = createSleeper(clock);
  let lookedAt = -Infinity;
  let seen: Seen = { share: nobodyElse, wantedSince: Infinity, said: '', isSettled: false };

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
      const others = texts.flatMap((text) => parseStanding(text) ?? []);
      const share = planFairShare(me, others);
      const at = clock.monotonic();
      const wantedSince = share.wanted > 0 ? Math.min(seen.wantedSince, at) : Infinity;
      const isSettled = says === seen.said && share.wanted === 0 && leaving.size === 0;
      seen = { share, wantedSince, said: says, isSettled };
      const first = nextToHandOver(at);
      if (first === undefined) return;
      leaving.set(first, Infinity);
      handOver(first);
    } catch (error) {
      // If we waited for instances that may be gone, their leases would stay free. And we look no
      // more often than a lease is renewed, as long as the store is away.
      seen = { ...seen, share: nobodyElse, isSettled: true };
      onFailed(error);
    }
  }

  /** One at a time, and only for those who still lack it after a while: they may be taking free ones. */
  function nextToHandOver(at: number): number | undefined {
    const isHandingOver = [...leaving.values()].includes(Infinity);
    if (isHandingOver || at - seen.wantedSince < callLimitMs(ttlMs)) return undefined;
    return candidates(seen.share.handOverBelow ?? 0)[0];
  }

  function call<T>(fn: () => Promise<T>): Promise<T> {
    return withTimeout(new AbortController().signal, callLimitMs(ttlMs), fn, clock);
  }

  async function keepLooking(signal: AbortSignal): Promise<never> {
    for (;;) {
      await sleep(signal, membershipMs(ttlMs, seen.isSettled, clock.random()));
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
    isForOthers: (index) => leaving.has(index) || index < seen.share.yieldsBelow,
    released(index) {
      if (!leaving.has(index)) return;
      leaving.set(index, clock.monotonic() + ttlMs);
      wake();
    },
  };
}
