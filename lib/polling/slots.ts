/** The index and the size of one poller. */
export interface PollerLimits {
  /** The index, from 0. */
  index: number;
  /** How many tasks at a time. */
  concurrency: number;
}

/**
 * Divides `maxConcurrency` into pollers of `concurrencyPerPoller` each. The last one has the rest:
 * 10 and 5 make two pollers of 5; 10 and 4 make 4, 4 and 2.
 */
export function pollersFor(maxConcurrency: number, concurrencyPerPoller: number): PollerLimits[] {
  return Array.from({ length: Math.ceil(maxConcurrency / concurrencyPerPoller) }, (_, index) => ({
    index,
    concurrency: Math.min(concurrencyPerPoller, maxConcurrency - index * concurrencyPerPoller),
  }));
}

/** A poller while its size changes. */
export interface PollerInUse {
  concurrency: number;
  /**
   * How many slots hold an open poll or a task. This may be more than `concurrency` after a cut.
   */
  used: number;
}

/**
 * How many slots each poller may have now, while they change to `desired`. A poller that gets fewer
 * has them at once. A poller that gets more has them as others become free. Two kinds of slots count
 * until they are free: those in use beyond a poller's new size, and the `draining` ones of pollers
 * that drain. So the total never exceeds the sum of `desired`, or what it was before.
 */
export function planSlots(
  desired: readonly number[],
  present: readonly (PollerInUse | undefined)[],
  draining: number,
): number[] {
  const taken = desired.map((size, i) => {
    const { concurrency = 0, used = 0 } = present[i] ?? {};
    return Math.max(Math.min(size, concurrency), used);
  });
  let room = sum(desired) - sum(taken) - draining;
  return desired.map((size, i) => {
    const counted = taken[i] ?? 0;
    const slots = Math.min(size, counted + Math.max(0, room));
    room -= Math.max(0, slots - counted);
    return slots;
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
