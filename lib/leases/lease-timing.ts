/**
 * When a pool tries for its free leases. Pure, so that its promise can be checked by arithmetic:
 * from one try of a free lease to the next never passes more than a third of the ttl (beside the
 * store's own time), whatever is granted in between; and the more of the leases are held already,
 * the longer the wait, so that instances that were started together end up sharing.
 */

/** Of a third of the ttl, what a round may spend on pauses after grants. */
const PAUSES = 0.4;

/** However many leases there are, a round is done in so many steps. */
const STEPS = 64;

/**
 * From the start of one round to the start of the next, for an instance that holds this `share`
 * (0 to 1) of what it may. Rounds that failed back off, doubling up to the ttl.
 */
export function nextRoundMs(ttlMs: number, share: number, failedRounds: number): number {
  const third = ttlMs / 3;
  // What pauses are left for this share comes off, so that both together stay within the third.
  const ceiling = third * (1 - PAUSES * (1 - share ** 2));
  const backedOff = Math.min(ttlMs, ceiling * 2 ** Math.max(0, failedRounds - 1));
  // A fifth of jitter; a twentieth is left to the store's own time.
  return backedOff * (0.75 + Math.random() / 5);
}

/**
 * How long to leave the field to others after a grant that makes it `held` leases of the `most` we
 * may hold. The last pause is twice the first, and all together are what a round may spend: not
 * steeper, or the first instances would have taken nearly all before the next ones are up.
 */
export function pauseMs(ttlMs: number, held: number, most: number): number {
  if (held >= most) return 0;
  const sumOfWeights = 1.5 * most * (most - 1);
  return ((PAUSES * ttlMs) / 3) * ((most + held) / sumOfWeights);
}

/** One by one while leases are few; in batches where one by one would take too long. */
export function triesAtATime(leases: number): number {
  return Math.ceil(leases / STEPS);
}
