import type { Clock } from '../async/clock.js';
import type { Lock, LockFactory } from '../locks/types.js';
import type { Timestamp } from './lease-state.js';
import { now } from './lease-state.js';
import { callLimitMs, validityMs } from './lease-timing.js';
import { acquireWithin, claimableInMs, createLock, releaseWithin } from './lock-calls.js';

/** The result of one attempt. */
export type Outcome =
  | { kind: 'granted'; lock: Lock; requestedAt: Timestamp }
  /** Another owner holds it. A try is worthwhile at `claimableAt`, by the monotonic clock. */
  | { kind: 'refused'; claimableAt: number }
  /** It was acquired and released again: it is no longer wanted, or may have expired meanwhile. */
  | { kind: 'returned' }
  | { kind: 'failed'; error: unknown };

/**
 * Tries once to get one lease. Never rejects. If the machine was suspended meanwhile, or `signal`
 * has aborted, the lease is released again.
 */
export async function tryAcquire(
  signal: AbortSignal,
  locks: LockFactory,
  name: string,
  ttlMs: number,
  clock: Clock,
): Promise<Outcome> {
  const requestedAt = now(clock);
  try {
    const lock = createLock(locks, name, ttlMs);
    if (!(await acquireWithin(callLimitMs(ttlMs), lock, clock))) {
      return { kind: 'refused', claimableAt: clock.monotonic() + claimableInMs(lock) };
    }
    if (!signal.aborted && !isOver(requestedAt, ttlMs, clock)) {
      return { kind: 'granted', lock, requestedAt };
    }
    await releaseWithin(callLimitMs(ttlMs), lock, clock);
    return { kind: 'returned' };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

function isOver(requestedAt: Timestamp, ttlMs: number, clock: Clock): boolean {
  const { monotonic, wall } = now(clock);
  const tookMs = Math.max(monotonic - requestedAt.monotonic, wall - requestedAt.wall);
  return tookMs >= validityMs(ttlMs);
}
