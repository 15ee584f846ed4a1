/** For all instances together: 4 pollers of 3 tasks each. */
export const limits = { maxConcurrency: 12, concurrencyPerPoller: 3 };

export const pollers = limits.maxConcurrency / limits.concurrencyPerPoller;
