import type { Plan } from './plan.js';

/**
 * What a search has found in the library and what was mended then, shrunk to the few happenings that
 * it takes. Plans, not seeds: what a seed stands for changes with every change of the simulator.
 */
export const found: { what: string; plan: Plan }[] = [
  {
    what: 'L4: free pollers are not kept for an instance that has lost them and can not take them yet',
    plan: {
      seed: 39,
      locks: { hasMembers: true, hasClaimTimes: false },
      config: {
        activityName: 'sum',
        path: '/sum',
        maxConcurrency: 6,
        concurrencyPerPoller: 1,
        invokeTimeoutMs: 1_000,
        onComponentDown: 'wait',
        heartbeatIntervalMs: 12_000,
        lockTtlMs: 6_000,
        onLeaseLost: 'abort',
      },
      heartbeatMs: 60_000,
      happenings: [
        { at: 38, kind: 'starts', instance: 'i2', sizes: sizes(6, 1) },
        { at: 376, kind: 'starts', instance: 'i1', sizes: sizes(6, 1) },
        { at: 10_774, kind: 'storeTrouble', trouble: 'fails', ms: 3_512 },
        { at: 13_664, kind: 'storeTrouble', trouble: 'hangs', ms: 12_535 },
        { at: 25_911, kind: 'stops', instance: 'i2', graceMs: 2_000 },
        { at: 26_881, kind: 'storeFailsOver', lostMs: 4_630 },
        {
          at: 31_332,
          kind: 'task',
          id: 't3',
          work: { manner: 'answers', ms: 54_358 },
          timeoutMs: 200_000,
        },
        { at: 31_564, kind: 'starts', instance: 'i4', sizes: sizes(5, 1) },
      ],
      calmAt: 47_000,
      ownClients: false,
      countsListeners: false,
      lastGraceMs: 0,
    },
  },
  {
    what: 'T12: a limit that fires on time, after a computation, does not beat what has arrived',
    plan: {
      seed: 206,
      locks: undefined,
      config: {
        activityName: 'sum',
        path: '/sum',
        maxConcurrency: 4,
        concurrencyPerPoller: 4,
        invokeTimeoutMs: 1_000,
      },
      heartbeatMs: undefined,
      happenings: [
        { at: 0, kind: 'starts', instance: 'i1', sizes: sizes(4, 4) },
        // The component answers the first one while the second one computes, which ends just as the
        // limit of the first one is due.
        {
          at: 5_000,
          kind: 'task',
          id: 't1',
          work: { manner: 'answers', ms: 900 },
          timeoutMs: 90_000,
        },
        {
          at: 5_050,
          kind: 'task',
          id: 't2',
          work: { manner: 'computes', ms: 948 },
          timeoutMs: 90_000,
        },
      ],
      calmAt: 10_000,
      ownClients: false,
      countsListeners: false,
      lastGraceMs: undefined,
    },
  },
  {
    what: 'L2: a poll that waited for the ARN while its machine slept is not sent under a lease that has expired',
    plan: {
      seed: 12,
      locks: { hasMembers: false, hasClaimTimes: false },
      config: {
        activityName: 'sum',
        path: '/sum',
        maxConcurrency: 5,
        concurrencyPerPoller: 3,
        invokeTimeoutMs: 20_000,
        heartbeatIntervalMs: 15_000,
        lockTtlMs: 6_000,
        onLeaseLost: 'abort',
        maxPollersPerInstance: 2,
      },
      heartbeatMs: 72_000,
      happenings: [
        { at: 790, kind: 'starts', instance: 'i2', sizes: sizes(5, 3) },
        { at: 1_289, kind: 'starts', instance: 'i1', sizes: sizes(5, 3) },
        {
          at: 11_195,
          kind: 'task',
          id: 'b0t1',
          work: { manner: 'answers', ms: 8 },
          timeoutMs: 90_000,
        },
        {
          at: 11_239,
          kind: 'task',
          id: 'b0t20',
          work: { manner: 'answers', ms: 277 },
          timeoutMs: 90_000,
        },
        { at: 11_241, kind: 'activityIsDeleted' },
        { at: 13_572, kind: 'freezes', instance: 'i1', ms: 7_860, suspended: true },
      ],
      calmAt: 78_000,
      ownClients: false,
      countsListeners: true,
      lastGraceMs: 10_000,
    },
  },
];

function sizes(maxConcurrency: number, concurrencyPerPoller: number) {
  return { maxConcurrency, concurrencyPerPoller };
}
