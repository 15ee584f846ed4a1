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
      locks: { hasMembers: true, tellsClaims: false },
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
];

function sizes(maxConcurrency: number, concurrencyPerPoller: number) {
  return { maxConcurrency, concurrencyPerPoller };
}
