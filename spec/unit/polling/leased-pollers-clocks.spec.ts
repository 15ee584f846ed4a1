import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createInstance,
  holding,
  pass,
  shutDown,
  takeoverMs,
  ttlMs,
} from '../../support/leased-source.js';
import { settle } from '../../support/source-on-fake.js';

const hour = 3_600_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** The machine's wall clock leaps; its monotonic clock and its timers know of nothing. */
const leap = (ms: number) => void vi.setSystemTime(Date.now() + ms);

/** Has the open poll bring a task, which is over at once: whatever polls for another would do so now. */
async function runOneTask(instance: Awaited<ReturnType<typeof holding>>): Promise<void> {
  const { status } = await instance.sfn.runTask('sum', 1);
  expect(status).toBe('SUCCEEDED');
  await settle();
}

describe('L2: clocks that leap', () => {
  it.each([hour, -hour])(
    'L2: a wall clock that leaps by %i ms, and back, costs no poller, however often',
    async (ms) => {
      const one = await holding();
      const { store, sfn } = one;
      const two = createInstance({ store, sfn });
      await two.source.start();
      for (let times = 0; times < 5; times++) {
        for (const by of [ms, -ms]) {
          leap(by);
          await pass(takeoverMs);
          await runOneTask(one);
        }
      }
      expect(one.of('leaseLost', 'leaseReleased')).toEqual([]);
      expect(one.of('leaseAcquired')).toHaveLength(1);
      expect(two.of('leaseAcquired')).toEqual([]);
      await shutDown(one, two);
    },
  );

  it('L2: a leap forward stands in the way of no poll once the store has confirmed the lease', async () => {
    const one = await holding();
    leap(hour);
    await runOneTask(one);
    await pass(ttlMs / 12);
    expect(one.sfn.openPolls()).toBe(1);
    await runOneTask(one);
    await shutDown(one);
  });
});

describe('L5: no poll without a lease, not even before a timer has fired', () => {
  it('L2, L5: a machine that was suspended, its monotonic clock standing still, polls no more as it wakes', async () => {
    const one = await holding();
    one.store.passMs(hour);
    leap(hour);
    const polls = one.sfn.calls('GetActivityTask');
    await runOneTask(one);
    expect(one.sfn.calls('GetActivityTask')).toBe(polls);
    await pass(ttlMs / 12);
    expect(one.of('leaseLost')).toMatchObject([{ error: 'LeaseNotOwned' }]);
    await shutDown(one);
  });

  it('L2, L5: an event loop that was blocked beyond the lease polls no more, its timers being late', async () => {
    const one = await holding();
    const polls = one.sfn.calls('GetActivityTask');
    const before = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(before + ttlMs);
    await runOneTask(one);
    expect(one.sfn.calls('GetActivityTask')).toBe(polls);
    expect(one.of('leaseLost')).toMatchObject([{ error: 'LeaseExpired' }]);
    vi.restoreAllMocks();
    await shutDown(one);
  });
});
