import type { Clock } from '../async/clock.js';
import { callLimitMs, retryMs, validityMs } from './lease-timing.js';

/** One moment on both clocks of this machine. */
export interface Timestamp {
  /** Never leaps, but stands still while the machine is suspended. */
  readonly monotonic: number;
  /** Goes on while the machine is suspended, but leaps when somebody sets it. */
  readonly wall: number;
}

export function now(clock: Clock): Timestamp {
  return { monotonic: clock.monotonic(), wall: clock.wall() };
}

/**
 * - `held`: ours, until nine tenths of the ttl after the last good renewal was requested
 * - `inDoubt`: the wall clock says that this time is over, the monotonic one does not. Either the
 *   machine was suspended and the lease is long somebody else's, or the clock was set and nothing
 *   has happened. No clock of this machine can tell the two apart; the store can
 * - `expired`: that time is over. The lease is still renewed while the work comes to its end: as
 *   long as nobody else has taken it, that keeps others out
 * - `taken`: the store says that it is not ours
 *
 * held <-> inDoubt, either -> expired, any -> taken.
 */
export interface LeaseState {
  readonly phase: 'held' | 'inDoubt' | 'expired' | 'taken';
  /** When the last good renewal, or the acquire, was requested. */
  readonly renewedAt: Timestamp;
  /** When the next renewal is due, by the monotonic clock. */
  readonly renewDueAt: number;
}

/** What is to be done next. */
export type Step = { do: 'wait'; ms: number } | { do: 'renew'; withinMs: number } | { do: 'end' };

export function isLost({ phase }: LeaseState): boolean {
  return phase === 'expired' || phase === 'taken';
}

/** What the clocks make of a state. A wall clock that was set back has no say. */
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

/** The store has prolonged the lease. One that had expired meanwhile stays so: its work is ending. */
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

/** A renewal has failed. A lease in doubt is lost by whatever fails it. */
export function afterFailure(
  state: LeaseState,
  at: Timestamp,
  ttlMs: number,
  notOwned: boolean,
): LeaseState {
  const phase = notOwned ? 'taken' : state.phase === 'inDoubt' ? 'expired' : state.phase;
  return { ...state, phase, renewDueAt: at.monotonic + retryMs(ttlMs) };
}
