/** One poller's share of the work. */
export interface Role {
  /** From 0. */
  index: number;
  /** Tasks at a time. */
  concurrency: number;
}

/**
 * Shares `maxConcurrency` out to pollers of `concurrencyPerPoller` each; the last one has what is
 * left. 10 and 5 make two pollers of 5, 10 and 4 make 4, 4 and 2.
 */
export function rolesFor(maxConcurrency: number, concurrencyPerPoller: number): Role[] {
  return Array.from({ length: Math.ceil(maxConcurrency / concurrencyPerPoller) }, (_, index) => ({
    index,
    concurrency: Math.min(concurrencyPerPoller, maxConcurrency - index * concurrencyPerPoller),
  }));
}
