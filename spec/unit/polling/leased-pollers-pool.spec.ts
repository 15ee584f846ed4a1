import { getEventListeners } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import type { ShutdownSignals } from '../../../lib/async/shutdown.js';
import { createShutdown } from '../../../lib/async/shutdown.js';
import { formatStanding } from '../../../lib/leases/fair-share.js';
import type { PollerHooks } from '../../../lib/polling/activity-poller.js';
import type { LeasedPollersOptions } from '../../../lib/polling/leased-pollers.js';
import { runLeasedPollers } from '../../../lib/polling/leased-pollers.js';
import type { Poller } from '../../../lib/polling/poller.js';
import { pollersFor } from '../../../lib/polling/slots.js';
import type { Fault } from '../../support/fake-locks.js';
import { createFakeStore, never, only } from '../../support/fake-locks.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

const ttlMs = 12_000;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const down: Fault = (call) =>
  call.method === 'createLock'
    ? call.effect()
    : Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));

const refuses = only('acquireImmediately', down);

/** A poller whose tasks and end are set by hand. */
interface Hand {
  index: number;
  concurrency: number;
  tasks: number;
  shutdown: ShutdownSignals;
  hooks: PollerHooks;
  fillSlots: ReturnType<typeof vi.fn>;
  end(): void;
}

/** Leased pollers of ten slots each, each lease with a store of its own making. */
function setUp(
  maxConcurrency: number,
  { fault, ...options }: Partial<LeasedPollersOptions> & { fault?: Fault } = {},
) {
  const instance = createFakeStore().instance();
  instance.fault = fault;
  const hands: Hand[] = [];
  const events: [string, object][] = [];
  const shutdown = createShutdown();
  const set = runLeasedPollers(shutdown, {
    activityArn: 'arn',
    pollers: pollersFor(maxConcurrency, 10),
    locks: instance.locks,
    clock: systemClock,
    lockTtlMs: ttlMs,
    maxPollersPerInstance: undefined,
    onLeaseLost: 'drain',
    emit: (name, fields) => void events.push([name, fields]),
    createPoller(limits, hooks) {
      const fillSlots = vi.fn();
      const hand = { ...limits, tasks: 0, hooks, fillSlots } as unknown as Hand;
      const ended = new Promise<void>((resolve) => (hand.end = resolve));
      hands.push(hand);
      return {
        run(signals) {
          hand.shutdown = signals;
          return ended;
        },
        fillSlots: fillSlots as () => void,
        resize: (concurrency) => void (hand.concurrency = concurrency),
        snapshot: () => ({ concurrency: hand.concurrency, openPolls: 0, tasks: hand.tasks }),
        vitals: () => ({ openPolls: 0, tasks: hand.tasks }),
      } as Poller;
    },
    ...options,
  });
  return {
    ...{ instance, hands, events, shutdown, set },
    hand: (index: number) => hands.findLast((hand) => hand.index === index) ?? expect.unreachable(),
    of: (name: string) => events.filter((event) => event[0] === name).map(([, event]) => event),
    async stop() {
      shutdown.startDrain();
      for (const { end } of hands) end();
      await pass(ttlMs);
      await set.ended;
    },
  };
}

describe('C4: pollers under leases', () => {
  it('L1: each runs under a lease of its own name, and says when it has it and when no longer', async () => {
    const { set, instance, hands, hand, of, stop } = setUp(15);
    const since = Date.now();
    await pass(ttlMs / 3);
    expect(instance.calls.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['stepfunc-source:arn:0', 'stepfunc-source:arn:1']),
    );
    expect(hands).toHaveLength(2);
    expect(of('leaseAcquired')).toEqual(expect.arrayContaining([{ poller: 0 }, { poller: 1 }]));
    hand(1).tasks = 4;
    expect(set.snapshot()).toEqual(
      [10, 5].map((concurrency, poller) => ({
        ...{ poller, concurrency, openPolls: 0, tasks: 4 * poller },
        lease: {
          since: expect.any(Number) as number,
          renewedAt: expect.any(Number) as number,
          lost: false,
        },
      })),
    );
    expect(set.snapshot()[0]?.lease?.since).toBeGreaterThanOrEqual(since);
    expect(set.vitals()).toEqual(
      expect.arrayContaining([
        { poller: 0, leaseLostAt: undefined, openPolls: 0, tasks: 0 },
        { poller: 1, leaseLostAt: undefined, openPolls: 0, tasks: 4 },
      ]),
    );
    expect(of('leaseReleased')).toEqual([]);
    await stop();
    expect(of('leaseReleased')).toEqual(expect.arrayContaining([{ poller: 0 }, { poller: 1 }]));
    expect(set.snapshot()).toEqual([]);
    expect(set.vitals()).toEqual([]);
  });

  it('is no longer shown once it has ended, even if its lease can not be released', async () => {
    const { set, instance, hand, stop } = setUp(10);
    await pass(0);
    instance.fault = only('release', never);
    hand(0).end();
    await pass(0);
    expect(set.snapshot()).toEqual([]);
    await pass(ttlMs / 6);
    await stop();
  });

  it('S3: leaves no listener on the shutdown when it has ended', async () => {
    const { shutdown, hand, stop } = setUp(10);
    await pass(0);
    hand(0).end();
    await pass(0);
    expect(getEventListeners(shutdown.abortInvokes, 'abort')).toEqual([]);
    await stop();
  });

  it('L2: may poll while the lease is held, and is called when it is renewed', async () => {
    let leapMs = 0;
    const clock = { ...systemClock, wall: () => Date.now() + leapMs };
    const { hand, stop } = setUp(10, { clock });
    await pass(0);
    expect(hand(0).hooks.canPoll?.()).toBe(true);
    expect(hand(0).fillSlots).not.toHaveBeenCalled();
    leapMs = ttlMs;
    expect(hand(0).hooks.canPoll?.()).toBe(false);
    await pass(0);
    expect(hand(0).fillSlots).toHaveBeenCalledOnce();
    expect(hand(0).hooks.canPoll?.()).toBe(true);
    await stop();
  });

  it('L8: is renewed until it has ended, its release included', async () => {
    const { instance, hand, events, stop } = setUp(10);
    await pass(0);
    // It is renewed once more while its poller is gone already.
    hand(0).end();
    instance.fault = only('release', async (call) => {
      await new Promise((resolve) => setTimeout(resolve, ttlMs / 8));
      return call.effect();
    });
    await pass(ttlMs / 6);
    expect(events.map(([name]) => name)).not.toContain('lockStoreFailed');
    await stop();
  });
});

describe('L5: a lease that is lost', () => {
  it.each(['drain', 'abort'] as const)('onLeaseLost %s', async (onLeaseLost) => {
    const { instance, hand, of, set, stop } = setUp(10, { onLeaseLost });
    await pass(0);
    instance.fault = down;
    await pass(ttlMs);
    expect(of('leaseLost')).toEqual([
      {
        poller: 0,
        error: 'LeaseExpired',
        message: 'No renewal got through for 10800 ms <- connect',
      },
    ]);
    const { drain, abortInvokes, abortPolls } = hand(0).shutdown;
    expect([drain, abortInvokes, abortPolls].map(({ aborted }) => aborted)).toEqual([
      true,
      onLeaseLost === 'abort',
      false,
    ]);
    if (onLeaseLost === 'abort') {
      expect(abortInvokes.reason).toMatchObject({
        name: 'AbortError',
        code: 'leaseLost',
        message: 'This instance has lost the poller that the task ran under',
      });
    }
    expect(set.vitals()).toMatchObject([{ poller: 0, leaseLostAt: expect.any(Number) as number }]);
    expect(set.snapshot()).toMatchObject([{ lease: { lost: true } }]);
    await stop();
  });
});

describe('L6: a store that fails', () => {
  it('L6: is told, and fails since its first failure and with the last error, until it answers', async () => {
    const { instance, of, set, stop } = setUp(10, { fault: refuses });
    await pass(0);
    const since = performance.now();
    expect(of('lockStoreFailed')).toEqual([
      { poller: 0, error: 'ECONNREFUSED', message: 'connect' },
    ]);
    const last = new Error('later');
    instance.fault = only('acquireImmediately', () => Promise.reject(last));
    await pass(ttlMs);
    expect(set.lockStoreFailing()).toEqual({ since, error: last });
    instance.fault = only('acquireImmediately', async () => false);
    await pass(2 * ttlMs);
    expect(set.lockStoreFailing()).toBeUndefined();
    await stop();
  });

  it('L6: no longer fails once a lease is renewed', async () => {
    const { instance, set, stop } = setUp(10);
    await pass(0);
    instance.fault = down;
    await pass(ttlMs / 3 + 1);
    expect(set.lockStoreFailing()).toBeDefined();
    instance.fault = undefined;
    await pass(ttlMs / 12);
    expect(set.lockStoreFailing()).toBeUndefined();
    await stop();
  });
});

describe('resize', () => {
  it('C1: drains what is no longer there, changes the others, and takes new ones', async () => {
    const { set, hands, hand, stop } = setUp(20);
    await pass(ttlMs / 3);
    expect(hands).toHaveLength(2);
    set.resize(pollersFor(5, 10));
    expect(hand(0).concurrency).toBe(5);
    expect(hand(1).concurrency).toBe(10);
    expect([hand(0), hand(1)].map(({ shutdown }) => shutdown.drain.aborted)).toEqual([false, true]);
    hand(1).end();
    set.resize(pollersFor(30, 10));
    await pass(2 * ttlMs);
    expect(
      hands
        .map(({ index }) => index)
        .slice(2)
        .sort(),
    ).toEqual([1, 2]);
    await stop();
  });

  it('C1: a lease that was asked for before is given back, and nothing runs under it', async () => {
    const { set, instance, hands, of, stop } = setUp(10, {
      fault: only('acquireImmediately', async (call) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return call.effect();
      }),
    });
    await pass(10);
    set.resize([]);
    await pass(100);
    expect(hands).toEqual([]);
    expect(of('leaseReleased')).toEqual([{ poller: 0 }]);
    expect(instance.calls.at(-1)).toMatchObject({ method: 'release' });
    await stop();
  });
});

describe('L10: sharing', () => {
  it.each([
    { tasks: [3, 1], handedOver: [false, true] },
    { tasks: [1, 3], handedOver: [true, false] },
  ])('L10: of $tasks tasks, the fewest are handed over', async ({ tasks, handedOver }) => {
    // Leases are tried in random order, and held in that order.
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    onTestFinished(() => void vi.restoreAllMocks());
    const own = createFakeStore().instance();
    let others: string[] = [];
    const createMembership = vi.fn(() => ({
      renew: async () => others,
      leave: async () => undefined,
    }));
    const locks = { createLock: own.locks.createLock, createMembership };
    const { hand, stop } = setUp(20, { locks });
    await pass(ttlMs / 3);
    expect(createMembership).toHaveBeenCalledExactlyOnceWith('stepfunc-source:arn:members', ttlMs);
    for (const [index, count] of tasks.entries()) hand(index).tasks = count;
    others = [
      formatStanding({
        ...{ id: 'other', held: 0, handedOver: 0, draining: 0, pollers: 2, cap: Infinity },
      }),
    ];
    await pass(ttlMs);
    expect([0, 1].map((index) => hand(index).shutdown.drain.aborted)).toEqual(handedOver);
    await stop();
  });
});
