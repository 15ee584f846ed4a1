import type { Clock } from '../async/clock.js';
import type { Lock, LockFactory } from '../locks/types.js';
import type { Timestamp } from './lease-state.js';
import { now } from './lease-state.js';
import { callLimitMs, validityMs } from './lease-timing.js';
import { acquireWithin, claimableInMs, createLock, releaseWithin } from './lock-calls.js';

/** What came of one try. */
export type Outcome =
  | { kind: 'granted'; lock: Lock; requestedAt: Timestamp }
  /** Somebody else holds it; worth another try then, by the monotonic clock, if not before. */
  | { kind: 'refused'; claimableAt: number }
  /** It was granted and given back: nobody wants it any longer, or it may have ended unheard. */
  | { kind: 'returned' }
  | { kind: 'failed'; error: unknown };

/**
 * One try to get one lease. Never rejects. A grant that the machine slept over, or that comes when
 * `signal` has aborted, is given back.
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
