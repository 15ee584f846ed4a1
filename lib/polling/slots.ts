/** One poller's share of the work. */
export interface PollerLimits {
  /** From 0. */
  index: number;
  /** Tasks at a time. */
  concurrency: number;
}

/**
 * Shares `maxConcurrency` out to pollers of `concurrencyPerPoller` each; the last one has what is
 * left. 10 and 5 make two pollers of 5, 10 and 4 make 4, 4 and 2.
 */
export function pollersFor(maxConcurrency: number, concurrencyPerPoller: number): PollerLimits[] {
  return Array.from({ length: Math.ceil(maxConcurrency / concurrencyPerPoller) }, (_, index) => ({
    index,
    concurrency: Math.min(concurrencyPerPoller, maxConcurrency - index * concurrencyPerPoller),
  }));
}

/** A poller on its way from one size to another. */
export interface PollerInUse {
  concurrency: number;
  /** Slots that hold an open poll or a task: more than `concurrency` where that was more before. */
  used: number;
}

/**
 * What each poller may have now, on the way to what it is to have in the end: fewer slots at once, more
 * as far as there is room. Whatever is still in use beyond a poller's slots, and `leaving` slots of
 * pollers that are no more, take room until they are free, so that the total never passes the sum of
 * `wanted`, or what it was before.
 */
export function planSlots(
  wanted: readonly number[],
  present: readonly (PollerInUse | undefined)[],
  leaving: number,
): number[] {
  const allotted = wanted.map((size, i) => Math.min(size, present[i]?.concurrency ?? 0));
  const taken = allotted.map((size, i) => Math.max(size, present[i]?.used ?? 0));
  let room = sum(wanted) - sum(taken) - leaving;
  return wanted.map((size, i) => {
    const has = allotted[i] ?? 0;
    if (has === size) return size;
    const counted = taken[i] ?? 0;
    const more = Math.max(has, Math.min(size, counted + Math.max(0, room)));
    room -= Math.max(0, more - counted);
    return more;
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
