import type { Clock } from '../async/clock.js';
import { callLimitMs, retryMs, validityMs } from './lease-timing.js';

/** One moment on both clocks of this machine. */
export interface Timestamp {
  /** It never leaps, but it stands still while the machine is suspended. */
  readonly monotonic: number;
  /** It goes on while the machine is suspended, but it leaps when it is set. */
  readonly wall: number;
}

export function now(clock: Clock): Timestamp {
  return { monotonic: clock.monotonic(), wall: clock.wall() };
}

/**
 * The states of a lease.
 *
 * - `held`: The lease is ours. This state lasts for 0.9 × TTL from the start of the last successful
 *   renewal.
 * - `inDoubt`: That time is over by the wall clock, but not by the monotonic clock. Either the
 *   machine was suspended, and another instance may hold the lease. Or the clock was set, and
 *   nothing has happened. Only the store knows which.
 * - `expired`: That time is over. The lease is still renewed until its work has ended. If no other
 *   instance has taken it yet, none can.
 * - `taken`: The store says that another owner holds it, or none.
 *
 * held <-> inDoubt, either -> expired, any -> taken.
 */
export interface LeaseState {
  readonly phase: 'held' | 'inDoubt' | 'expired' | 'taken';
  /** When the last successful renewal, or the acquire, was requested. */
  readonly renewedAt: Timestamp;
  /** When the next renewal is due, by the monotonic clock. */
  readonly renewDueAt: number;
}

/** What to do next. */
export type Step = { do: 'wait'; ms: number } | { do: 'renew'; withinMs: number } | { do: 'end' };

export function isLost({ phase }: LeaseState): boolean {
  return phase === 'expired' || phase === 'taken';
}

/** The state at this moment. A wall clock that was set back does not count. */
export function observe(state: LeaseState, at: Timestamp, ttlMs: number): LeaseState {
  if (isLost(state)) return state;
  const { renewedAt } = state;
  const validMs = validityMs(ttlMs);
  if (at.monotonic - renewedAt.monotonic >= validMs) return { ...state, phase: 'expired' };
  return { ...state, phase: at.wall - renewedAt.wall >= validMs ? 'inDoubt' : 'held' };
}

export function nextStep(state: LeaseState, at: Timestamp, ttlMs: number): Step {
  const { phase, renewedAt, renewDueAt } = state;
  if (phase === 'taken') return { do: 'end' };
  const leftMs =
    phase === 'expired' ? Infinity : renewedAt.monotonic + validityMs(ttlMs) - at.monotonic;
  const waitMs = renewDueAt - at.monotonic;
  if (phase !== 'inDoubt' && waitMs > 0) return { do: 'wait', ms: Math.min(waitMs, leftMs) };
  return { do: 'renew', withinMs: Math.min(callLimitMs(ttlMs), leftMs) };
}

/** The store has renewed the lease. An expired lease stays expired, since its work is draining. */
export function afterRenewal(
  state: LeaseState,
  requestedAt: Timestamp,
  nextInMs: number,
): LeaseState {
  return {
    phase: isLost(state) ? state.phase : 'held',
    renewedAt: requestedAt,
    renewDueAt: requestedAt.monotonic + nextInMs,
  };
}

/** A renewal has failed. Any failure expires a lease that is in doubt. */
export function afterFailure(
  state: LeaseState,
  at: Timestamp,
  ttlMs: number,
  notOwned: boolean,
): LeaseState {
  const phase = notOwned ? 'taken' : state.phase === 'inDoubt' ? 'expired' : state.phase;
  return { ...state, phase, renewDueAt: at.monotonic + retryMs(ttlMs) };
}
