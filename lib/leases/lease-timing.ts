/**
 * Every fraction of the ttl, in one place. Pure, so that a spec can check the promises by
 * arithmetic. A free lease is tried again within a third of the ttl (besides the store's own time),
 * whatever else is acquired meanwhile. An instance that holds more of the leases waits longer, so
 * that instances that start together end up sharing.
 */

/** How long a lease is valid from the start of its last renewal, as a share of the ttl. */
const VALID = 0.9;

/** How often a lease is renewed, and a free one tried, as a share of the ttl. */
const PERIOD = 1 / 3;

/** How long a call to the store may take, as a share of the ttl. */
const CALL = 1 / 6;

/**
 * When a failed renewal is sent again, and how often the clocks are compared, as a share of the
 * ttl.
 */
const RETRY = 1 / 12;

/**
 * The least time between two rounds, as a share of the ttl. A slow store or a near claim can't
 * shorten it.
 */
const LEAST_PAUSE = 1 / 60;

/** Two looks in a row may take their whole time and fail. */
const FORGET = 1 / 2;

/** How much of a third of the ttl a round may spend on pauses after leases that it acquired. */
const PAUSES = 0.4;

/** A round has at most so many steps, however many leases there are. */
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
 * The time from one renewal to the next. A jitter of up to a tenth is taken off. Without it, leases
 * that were acquired together would be renewed together for ever. `random`: from 0 to 1.
 */
export function renewalMs(ttlMs: number, random: number): number {
  return PERIOD * ttlMs * (1 - random / 10);
}

/**
 * The time from one look at the other instances to the next (rule L10). It is short while pollers
 * change hands, and as long as that of a renewal otherwise.
 */
export function membershipMs(ttlMs: number, isSettled: boolean, random: number): number {
  return isSettled ? renewalMs(ttlMs, random) : RETRY * ttlMs * (1 - random / 10);
}

/** How long the last look at the other instances counts if later ones fail. */
export function forgetMs(ttlMs: number): number {
  return FORGET * ttlMs;
}

/**
 * The time from the start of one round to the start of the next. `share` is what the instance holds
 * of the leases that it may hold, from 0 to 1. Rounds that failed back off, doubling up to the ttl.
 */
export function nextRoundMs(
  ttlMs: number,
  share: number,
  failedRounds: number,
  random: number,
): number {
  // The pauses of this share come off, so that both together stay within the third.
  const ceiling = PERIOD * ttlMs * (1 - PAUSES * (1 - share ** 2));
  const backedOff = Math.min(ttlMs, ceiling * 2 ** Math.max(0, failedRounds - 1));
  // A fifth is jitter; a twentieth is left for the store's own time.
  return backedOff * (0.75 + random / 5);
}

/**
 * How long to wait for others after an acquire that makes it `held` leases of the `most` we may
 * hold. The last pause is twice the first. All pauses together are what a round may spend. With a
 * steeper rise, the first instance would have nearly all leases before the next ones are up.
 */
export function pauseMs(ttlMs: number, held: number, most: number): number {
  if (held >= most) return 0;
  const sumOfWeights = 1.5 * most * (most - 1);
  return PAUSES * PERIOD * ttlMs * ((most + held) / sumOfWeights);
}

/**
 * How many leases are tried at a time: one if there are few, more if one by one would take too
 * long.
 */
export function triesAtATime(leases: number): number {
  return Math.ceil(leases / STEPS);
}
