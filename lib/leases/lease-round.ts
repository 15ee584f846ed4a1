import { throwIfAborted } from 'abort-controller-x';
import type { Clock } from '../async/clock.js';
import { sleep } from '../async/timer.js';
import { pauseMs, triesAtATime } from './lease-timing.js';
import type { Outcome } from './try-acquire.js';

/** What a round needs to know of the pool. */
export interface RoundOptions {
  ttlMs: number;
  clock: Clock;
  /** The leases that are not held here, by index. */
  free(): number[];
  /** How many leases the pool competes for. */
  total(): number;
  /** How many of them are held here, and how many may be. */
  held(): { count: number; most: number };
  /** Of these free leases, those that are not left to other instances. */
  forUs(free: number[]): number[];
  /** Tries to get one lease, and keeps it if that succeeds. Never rejects. */
  tryOne(index: number): Promise<Outcome>;
  /** Asks who else competes: some time has passed since a lease was acquired. */
  lookAround(): Promise<void>;
}

/** The result of a round. */
export interface Round {
  /** Whether the store failed at the end of it. */
  failed: boolean;
  /** When a lease of another instance may first be claimed, by the monotonic clock. */
  claimableAt: number;
}

/**
 * Tries every free lease once, in random order. Ends early if the store fails twice running, or if
 * enough is held. Rejects with an AbortError if `signal` aborts.
 */
export async function tryRound(
  signal: AbortSignal,
  { ttlMs, clock, free, total, held, forUs, tryOne, lookAround }: RoundOptions,
): Promise<Round> {
  let untried = shuffled(free(), clock);
  let failures = 0;
  let claimableAt = Infinity;
  // The first try goes alone, so that a store that is down has to refuse two calls and not many.
  let size = 1;
  while (failures < 2) {
    // Asked again each time: other instances may have come meanwhile.
    const left = forUs(untried);
    const { count, most } = held();
    const batch = left.slice(0, Math.min(size, Math.max(0, most - count)));
    untried = left.slice(batch.length);
    if (batch.length === 0) break;
    throwIfAborted(signal);
    const outcomes = await Promise.all(batch.map((index) => tryOne(index)));
    const { granted, failed, nextClaimAt } = sumUp(outcomes);
    claimableAt = Math.min(claimableAt, nextClaimAt);
    failures = failed === outcomes.length ? failures + 1 : 0;
    size = failures > 0 ? 1 : triesAtATime(total());
    if (granted === 0) continue;
    const now = held();
    await sleep(signal, granted * pauseMs(ttlMs, now.count, now.most), clock);
    await lookAround();
  }
  return { failed: failures > 0, claimableAt };
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
