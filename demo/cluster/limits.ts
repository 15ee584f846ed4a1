/** For all instances together: 4 roles of 3 tasks each. */
export const limits = { maxConcurrency: 12, concurrencyPerPoller: 3 };

export const roles = limits.maxConcurrency / limits.concurrencyPerPoller;
