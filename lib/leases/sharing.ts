import { catchAbortError } from 'abort-controller-x';
import type { Clock } from '../async/clock.js';
import { createSleeper } from '../async/sleeper.js';
import { withTimeout } from '../async/timeout.js';
import type { LockFactory, Membership } from '../locks/types.js';
import type { FairShare, Standing } from './fair-share.js';
import { formatStanding, parseStanding, planFairShare } from './fair-share.js';
import { callLimitMs, forgetMs, membershipMs } from './lease-timing.js';

export interface SharingOptions {
  locks: LockFactory;
  /** The name of the group of all instances that share these leases. */
  group: string;
  ttlMs: number;
  clock: Clock;
  /** What this instance says of itself now, without `handedOver`. */
  standing(): Omit<Standing, 'id' | 'handedOver'>;
  /**
   * The leases below this index that may be handed over. The first is the one whose work ends
   * soonest.
   */
  candidates(below: number): readonly number[];
  /** Ends the work under a lease. The lease is then released. */
  handOver(index: number): void;
  onFailed(error: unknown): void;
}

/** Fair shares among instances that know of each other through the store (rule L10). */
export interface Sharing {
  /**
   * Renews the membership and reads the others' until `signal` aborts, and then ends it. Never
   * rejects.
   */
  run(signal: AbortSignal): Promise<void>;
  /** Renews and reads now, unless it did so a moment ago. Never rejects. */
  look(): Promise<void>;
  /** Whether this lease is being handed over, or was within the last ttl. */
  isHandedOver(index: number): boolean;
  /**
   * Of these free leases, those that this instance may take. It leaves to others what it has
   * handed over. Once it has its share, it leaves them all while another instance has less.
   */
  forUs(free: readonly number[]): number[];
  /** A lease was released. */
  released(index: number): void;
}

/** The result of the last look at the others. */
interface Seen {
  readonly others: readonly Standing[];
  /** When the store answered, by the monotonic clock. */
  readonly at: number;
  /** When others began to lack leases, by the monotonic clock. Infinity: they lack none. */
  readonly lackedSince: number;
  /** What this instance said of itself. */
  readonly said: string;
  /** Nothing has changed hands: the next look may be a while away. */
  readonly isSettled: boolean;
}

/** Undefined if the store has no membership: rule L10 then does not hold. */
export function createSharing(options: SharingOptions): Sharing | undefined {
  const { locks, group, ttlMs, clock, standing, candidates, handOver, onFailed } = options;
  const created: unknown = locks.createMembership?.(group, ttlMs);
  if (created === undefined) return undefined;
  const membership = created as Membership;
  const id = Math.floor(clock.random() * 36 ** 8).toString(36);
  /**
   * Leases that are handed over, each with the moment until which this instance leaves it alone.
   */
  const handedOver = new Map<number, number>();
  const { sleep, wake } = createSleeper(clock);
  let lookedAt = -Infinity;
  let seen: Seen = {
    others: [],
    at: -Infinity,
    lackedSince: Infinity,
    said: '',
    isSettled: false,
  };

  function myStanding(): Standing {
    for (const [index, until] of handedOver)
      if (until <= clock.monotonic()) handedOver.delete(index);
    return { id, handedOver: handedOver.size, ...standing() };
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
      const lackedSince = share.lacked > 0 ? Math.min(seen.lackedSince, at) : Infinity;
      const isSettled = says === seen.said && share.lacked === 0 && handedOver.size === 0;
      seen = { others, at, lackedSince, said: says, isSettled };
      const first = nextToHandOver(share);
      if (first === undefined) return;
      handedOver.set(first, Infinity);
      handOver(first);
    } catch (error) {
      onFailed(error);
      // If it forgot them at the first failure, this instance would take leases that others have
      // handed over, and hand them over again.
      if (clock.monotonic() - seen.at < forgetMs(ttlMs)) return;
      // If it never forgot them, leases of instances that are gone would be left free. While the
      // store is away, `isSettled` keeps the looks as rare as renewals.
      seen = { ...seen, others: [], isSettled: true };
    }
  }

  /**
   * One lease at a time, and only if others have lacked it for a while: they may be taking free
   * ones.
   */
  function nextToHandOver({ handOverBelow = 0 }: FairShare): number | undefined {
    const isHandingOver = [...handedOver.values()].includes(Infinity);
    if (isHandingOver || seen.at - seen.lackedSince < callLimitMs(ttlMs)) return undefined;
    return candidates(handOverBelow)[0];
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
      // If this fails, the membership ends after a ttl anyway.
      await call(() => membership.leave()).catch(() => undefined);
    },
    look,
    isHandedOver: (index) => handedOver.has(index),
    forUs(free) {
      // By what this instance holds now. By what it held at its last look, it might take one too many.
      const { yieldsBelow } = planFairShare(myStanding(), seen.others);
      return free.filter((index) => index >= yieldsBelow && !handedOver.has(index));
    },
    released(index) {
      if (!handedOver.has(index)) return;
      handedOver.set(index, clock.monotonic() + ttlMs);
      wake();
    },
  };
}
