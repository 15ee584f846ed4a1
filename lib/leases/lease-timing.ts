/**
 * Every fraction of the ttl, in one place. Pure, so that what is promised can be checked by
 * arithmetic: from one try of a free lease to the next never passes more than a third of the ttl
 * (beside the store's own time), whatever is granted in between. The more of the leases are held
 * already, the longer the wait, so that instances that were started together end up sharing.
 */

/** Of the ttl, how long a lease counts as ours after its last good renewal was requested. */
const VALID = 0.9;

/** Of the ttl, how often a lease is renewed, and a free one tried. */
const PERIOD = 1 / 3;

/** Of the ttl, how long a renewal may be answered. */
const CALL = 1 / 6;

/** Of the ttl, after how long a renewal that failed is sent again, and the clocks are looked at. */
const RETRY = 1 / 12;

/** Of the ttl, the least time between two rounds, however slow the store or near a claim. */
const LEAST_PAUSE = 1 / 60;

/** Of a third of the ttl, what a round may spend on pauses after grants. */
const PAUSES = 0.4;

/** However many leases there are, a round is done in so many steps. */
const STEPS = 64;

export function validityMs(ttlMs: number): number {
  return VALID * ttlMs;
}

/** How long a store call may take. */
export function callLimitMs(ttlMs: number): number {
  return CALL * ttlMs;
}

export function retryMs(ttlMs: number): number {
  return RETRY * ttlMs;
}

export function leastPauseMs(ttlMs: number): number {
  return LEAST_PAUSE * ttlMs;
}

/**
 * From one renewal to the next. Jittered downwards by a tenth, so that leases acquired together are
 * not renewed together for ever. `random`: from 0 to 1.
 */
export function renewalMs(ttlMs: number, random: number): number {
  return PERIOD * ttlMs * (1 - random / 10);
}

/**
 * From one look at who else is here to the next (rule L10). Often while pollers change hands, else
 * as often as leases are renewed.
 */
export function membershipMs(ttlMs: number, isSettled: boolean, random: number): number {
  return isSettled ? renewalMs(ttlMs, random) : RETRY * ttlMs * (1 - random / 10);
}

/**
 * From the start of one round to the start of the next, for an instance that holds this `share`
 * (0 to 1) of what it may. Rounds that failed back off, doubling up to the ttl.
 */
export function nextRoundMs(
  ttlMs: number,
  share: number,
  failedRounds: number,
  random: number,
): number {
  // What pauses are left for this share comes off, so that both together stay within the third.
  const ceiling = PERIOD * ttlMs * (1 - PAUSES * (1 - share ** 2));
  const backedOff = Math.min(ttlMs, ceiling * 2 ** Math.max(0, failedRounds - 1));
  // A fifth of jitter; a twentieth is left to the store's own time.
  return backedOff * (0.75 + random / 5);
}

/**
 * How long to leave the field to others after a grant that makes it `held` leases of the `most` we
 * may hold. The last pause is twice the first, and all together are what a round may spend: not
 * steeper, or the first instances would have taken nearly all before the next ones are up.
 */
export function pauseMs(ttlMs: number, held: number, most: number): number {
  if (held >= most) return 0;
  const sumOfWeights = 1.5 * most * (most - 1);
  return PAUSES * PERIOD * ttlMs * ((most + held) / sumOfWeights);
}

/** One by one while leases are few; in batches where one by one would take too long. */
export function triesAtATime(leases: number): number {
  return Math.ceil(leases / STEPS);
}
