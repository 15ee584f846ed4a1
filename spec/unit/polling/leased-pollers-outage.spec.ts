import { describe, expect, it } from 'vitest';
import {
  createInstance,
  down,
  hanging,
  heldInvoke,
  holding,
  pass,
  secret,
  shutDown,
  takeoverMs,
  ttlMs,
} from '../../support/leased-source.js';
import { only } from '../../support/fake-locks.js';
import { settle } from '../../support/source-on-fake.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

describe('L6: a store in passing trouble', () => {
  it('L6: an outage shorter than the lease costs nothing but events', async () => {
    const work = heldInvoke();
    const one = await holding({ invoke: work.invoke });
    const task = one.sfn.runTask('sum', 1);
    await settle();
    for (let outage = 0; outage < 5; outage++) {
      one.instance.fault = outage % 2 === 0 ? down : hanging;
      await pass(ttlMs / 2);
      one.instance.fault = undefined;
      await pass(ttlMs / 3);
    }
    expect(one.of('lockStoreFailed').length).toBeGreaterThan(0);
    expect(one.of('leaseLost', 'leaseReleased')).toEqual([]);
    expect(one.of('leaseAcquired')).toHaveLength(1);
    expect(work.calls.map(({ signal }) => signal.aborted)).toEqual([false]);
    await work.endAll();
    expect(await task).toMatchObject({ status: 'SUCCEEDED' });
    await shutDown(one);
  });

  it.each([
    { trouble: 'refuses', fault: down, error: 'ECONNREFUSED' },
    { trouble: 'hangs', fault: hanging, error: 'TimeoutError' },
    {
      trouble: 'refuses to acquire',
      fault: only('acquireImmediately', () => Promise.reject(new RangeError(secret))),
      error: 'RangeError',
    },
  ])(
    'L6: down at start ($trouble): it starts without a poll, emits, backs off, and begins by itself',
    async ({ fault, error }) => {
      const one = createInstance({ config: { maxConcurrency: 3 } });
      one.instance.fault = fault;
      await one.source.start();
      expect(one.source.state).toBe('running');
      const waiting = one.sfn.runTask('sum', { is: 'waiting' });
      await pass(20 * ttlMs);
      expect(one.sfn.calls('GetActivityTask')).toBe(0);
      expect(one.source.status().pollers).toEqual([]);
      expect(one.of('lockStoreFailed').length).toBeGreaterThan(10);
      expect(one.of('lockStoreFailed')).toMatchObject(
        one.of('lockStoreFailed').map(() => ({ error })),
      );
      // Two tries a round, a round a ttl once it has backed off.
      expect(one.calls('acquireImmediately')).toBeLessThan(80);

      one.instance.fault = undefined;
      await pass(takeoverMs);
      expect(await waiting).toMatchObject({ status: 'SUCCEEDED' });
      expect(one.pollers()).toEqual([0, 1, 2]);
      await shutDown(one);
    },
  );
});
