import type { Happening, Plan } from './plan.js';
import type { Manner } from './world/component.js';

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
  {
    what: 'L4: a renewal that DynamoDB hears of twice, before and after others, does not bring its version back',
    plan: {
      seed: 1_795_825_532_380,
      locks: { hasMembers: true, hasClaimTimes: true, isDynamoDb: true },
      config: {
        activityName: 'sum',
        path: '/sum',
        maxConcurrency: 8,
        concurrencyPerPoller: 1,
        invokeTimeoutMs: 1_000,
        lockTtlMs: 6_000,
        onLeaseLost: 'drain',
      },
      heartbeatMs: undefined,
      happenings: [
        task(580, 't77', 'answers', 23_778, 200_000),
        task(1_385, 't66', 'answers', 41, 200_000),
        { at: 1_777, kind: 'starts', instance: 'i1', sizes: sizes(8, 1) },
        task(2_092, 't41', 'fails', 12_689, 200_000),
        task(2_712, 't11', 'answers', 3_730, 200_000),
        task(2_932, 't60', 'isDeaf', 28_419, 90_000),
        task(2_936, 't44', 'computes', 48, 200_000),
        task(3_052, 't67', 'answers', 1_915, 90_000),
        task(3_357, 't26', 'answers', 13_542, 200_000),
        task(4_262, 't43', 'answers', 16, 200_000),
        task(5_474, 't35', 'answers', 1_218, 200_000),
        task(5_909, 't80', 'answers', 15_932, 90_000),
        task(6_578, 't10', 'answers', 5, 90_000),
        task(6_610, 't52', 'isHuge', 1_854, 90_000),
        { at: 6_646, kind: 'awsTrouble', trouble: 'unavailable', ms: 1_183 },
        task(6_703, 't37', 'throws', 2_221, 90_000),
        task(7_244, 't50', 'answers', 18_591, 200_000),
        task(7_307, 't45', 'answers', 1_552, 90_000),
        task(7_553, 't19', 'computes', 12_677, 90_000),
        { at: 13_090, kind: 'starts', instance: 'i2', sizes: sizes(8, 1) },
        { at: 13_590, kind: 'stops', instance: 'i1', graceMs: undefined },
        task(15_501, 't34', 'answers', 23_006, 90_000),
        task(16_060, 't38', 'computes', 18_378, 90_000),
        {
          at: 17_195,
          kind: 'weather',
          instance: 'i1',
          service: 'store',
          weather: 'silent',
          ms: 7_565,
        },
        { at: 18_663, kind: 'starts', instance: 'i3', sizes: sizes(8, 1) },
        { at: 18_717, kind: 'blocks', instance: 'i1', where: 'leaseReleased', ms: 947 },
      ],
      calmAt: 30_000,
      ownClients: false,
      countsListeners: true,
      lastGraceMs: undefined,
    },
  },
  {
    what: 'L4: no free poller waits for an instance whose cap is full with one that it hands over',
    plan: {
      seed: 1_900_100_000_003,
      locks: { hasMembers: true, hasClaimTimes: true, isDynamoDb: true },
      config: {
        activityName: 'sum',
        path: '/sum',
        maxConcurrency: 10,
        concurrencyPerPoller: 1,
        invokeTimeoutMs: 1_000,
        lockTtlMs: 6_000,
        onLeaseLost: 'abort',
      },
      heartbeatMs: undefined,
      happenings: [
        { at: 303, kind: 'starts', instance: 'i1', sizes: sizes(10, 1) },
        {
          at: 1_205,
          kind: 'starts',
          instance: 'i2',
          sizes: { ...sizes(10, 1), maxPollersPerInstance: 3 },
        },
        { at: 1_884, kind: 'starts', instance: 'i3', sizes: sizes(10, 1) },
        task(8_500, 't6', 'throws', 12_953, 90_000),
        { at: 46_944, kind: 'isKilled', instance: 'i1' },
        { at: 49_992, kind: 'starts', instance: 'i4', sizes: sizes(10, 1) },
      ],
      calmAt: 51_000,
      ownClients: true,
      countsListeners: false,
      lastGraceMs: 10_000,
    },
  },
];

function task(at: number, id: string, manner: Manner, ms: number, timeoutMs: number): Happening {
  return { at, kind: 'task', id, work: { manner, ms }, timeoutMs };
}

function sizes(maxConcurrency: number, concurrencyPerPoller: number) {
  return { maxConcurrency, concurrencyPerPoller };
}
