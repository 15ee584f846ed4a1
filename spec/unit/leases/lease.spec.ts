import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import { LOCK_NOT_OWNED } from '../../../lib/locks/types.js';
import { createFakeStore, only } from '../../support/fake-locks.js';
import {
  ttlMs,
  hour,
  nameOf,
  pass,
  down,
  hanging,
  slow,
  gaps,
  setUp,
  shutDown,
  holding,
} from '../../support/lease-pool.js';
import { watchTimersAndWarnings } from '../../support/fake-timers.js';

watchTimersAndWarnings();

describe('L2: keeping a lease', () => {
  it('L2: renews every third of the ttl, and holds on for ever', async () => {
    const instance = await holding();
    await pass(hour);
    const extends_ = instance.callsOf('extend');
    expect(instance.of('renewed')).toHaveLength(extends_.length);
    for (const gap of gaps(extends_)) {
      expect(gap).toBeGreaterThanOrEqual((ttlMs / 3) * 0.9);
      expect(gap).toBeLessThanOrEqual(ttlMs / 3 + 1);
    }
    expect(instance.of('lost')).toEqual([]);
    expect(instance.callsOf('acquireImmediately')).toHaveLength(1);
    await shutDown(instance);
  });

  it('L2: gives a renewal a sixth of the ttl, and tries again after a twelfth', async () => {
    const instance = await holding();
    instance.instance.fault = hanging;
    await pass(0.85 * ttlMs);
    const [first, second] = instance.callsOf('extend');
    const [failed] = instance.of('storeFailed');
    expect(failed?.error).toMatchObject({ name: 'TimeoutError' });
    expect((failed?.at ?? 0) - (first?.at ?? 0)).toBe(ttlMs / 6);
    expect((second?.at ?? 0) - (failed?.at ?? 0)).toBe(ttlMs / 12);
    await shutDown(instance);
  });

  it('L2: a renewal refused at once is tried again every twelfth of the ttl', async () => {
    const instance = await holding();
    instance.instance.fault = down;
    await pass(0.85 * ttlMs);
    const tries = instance.callsOf('extend');
    expect(tries.length).toBeGreaterThanOrEqual(6);
    for (const gap of gaps(tries)) expect(gap).toBe(ttlMs / 12);
    await shutDown(instance);
  });

  it.each([
    { trouble: 'refuses', fault: down },
    { trouble: 'hangs', fault: hanging },
  ])(
    'L2: expires nine tenths of the ttl after the last good renewal ($trouble)',
    async ({ fault }) => {
      const instance = await holding();
      await pass(3 * ttlMs);
      const renewedAt = instance.callsOf('extend').at(-1)?.at ?? 0;
      instance.instance.fault = fault;
      await pass(renewedAt + 0.9 * ttlMs - performance.now() - 2);
      expect(instance.lost.aborted).toBe(false);
      expect(instance.pool.held()).toMatchObject([{ lost: false }]);
      await pass(3);
      expect(instance.lost.aborted).toBe(true);
      expect(instance.lost.reason).toMatchObject({ name: 'LeaseExpired' });
      expect(instance.of('lost')).toMatchObject([{ error: { name: 'LeaseExpired' } }]);
      expect(instance.pool.held()).toMatchObject([{ lost: true }]);
      await shutDown(instance);
    },
  );

  it('L2: counts from the start of a renewal, however long its answer took', async () => {
    const instance = await holding();
    instance.instance.fault = slow(ttlMs / 7);
    await pass(ttlMs / 3 + ttlMs / 7);
    const [renewal] = instance.callsOf('extend');
    expect(instance.of('renewed')).toHaveLength(1);
    instance.instance.fault = down;
    await pass((renewal?.at ?? 0) + 0.9 * ttlMs - performance.now() - 2);
    expect(instance.lost.aborted).toBe(false);
    await pass(3);
    expect(instance.lost.aborted).toBe(true);
    await shutDown(instance);
  });

  it('L2: a grant counts from the start of its asking', async () => {
    const store = createFakeStore();
    const instance = setUp(store);
    instance.instance.fault = (call) =>
      call.method === 'acquireImmediately' ? slow(ttlMs / 7)(call) : down(call);
    void instance.start();
    const asked = performance.now();
    await pass(asked + 0.9 * ttlMs - performance.now() - 2);
    expect(instance.working.get(0)?.lost.aborted).toBe(false);
    await pass(3);
    expect(instance.working.get(0)?.lost.aborted).toBe(true);
    await shutDown(instance);
  });
});

describe('L2: clocks', () => {
  function leapingWall() {
    let leap = 0;
    const clock = { ...systemClock, wall: () => Date.now() + leap };
    return { clock, leapBy: (ms: number) => void (leap += ms) };
  }

  it('L2: a wall clock that leaps forward by an hour puts the lease in doubt, and the store confirms it', async () => {
    const { clock, leapBy } = leapingWall();
    const instance = await holding({ clock });
    const before = instance.callsOf('extend').length;
    leapBy(hour);
    await pass(ttlMs / 12);
    expect(instance.callsOf('extend')).toHaveLength(before + 1);
    await pass(10 * ttlMs);
    expect(instance.of('lost')).toEqual([]);
    expect(instance.lost.aborted).toBe(false);
    expect(gaps(instance.callsOf('extend')).every((gap) => gap > ttlMs / 4)).toBe(true);
    await shutDown(instance);
  });

  it('L2: a wall clock that leaps back by an hour changes nothing, no call more and none less', async () => {
    const { clock, leapBy } = leapingWall();
    const instance = await holding({ clock });
    leapBy(-hour);
    await pass(10 * ttlMs);
    expect(instance.of('lost')).toEqual([]);
    for (const gap of gaps(instance.callsOf('extend'))) {
      expect(gap).toBeGreaterThanOrEqual((ttlMs / 3) * 0.9);
    }
    instance.instance.fault = down;
    await pass(1.1 * ttlMs);
    expect(instance.of('lost')).toHaveLength(1);
    await shutDown(instance);
  });

  it('L2: after a machine was suspended, its monotonic clock standing still, the store says that the lease is not owned', async () => {
    const { clock, leapBy } = leapingWall();
    const sleeper = await holding({ clock });
    const { store } = sleeper;
    // An hour passes for the store and for everybody else.
    store.passMs(hour);
    const other = setUp(store);
    void other.start();
    await pass(0);
    expect(other.of('acquired')).toHaveLength(1);
    leapBy(hour);
    await pass(ttlMs / 12 + 1);
    expect(sleeper.lost.aborted).toBe(true);
    expect(sleeper.of('lost')).toMatchObject([
      { error: { name: 'LeaseNotOwned', cause: { code: LOCK_NOT_OWNED } } },
    ]);
    await shutDown(sleeper, other);
  });

  it('L2: a leap that the store does not confirm within a sixth of the ttl loses the lease', async () => {
    const { clock, leapBy } = leapingWall();
    const instance = await holding({ clock });
    instance.instance.fault = hanging;
    leapBy(hour);
    await pass(ttlMs / 12 + ttlMs / 6 + 2);
    expect(instance.lost.reason).toMatchObject({
      name: 'LeaseExpired',
      cause: { name: 'TimeoutError' },
    });
    await shutDown(instance);
  });

  it('L2: a suspension shorter than the lease changes nothing', async () => {
    const { clock, leapBy } = leapingWall();
    const instance = await holding({ clock });
    leapBy(0.5 * ttlMs);
    instance.store.passMs(0.5 * ttlMs);
    await pass(5 * ttlMs);
    expect(instance.of('lost')).toEqual([]);
    await shutDown(instance);
  });

  it('L2: a grant that the machine slept over is released, and no work starts on it', async () => {
    const { clock, leapBy } = leapingWall();
    const store = createFakeStore();
    const instance = setUp(store, { clock });
    instance.instance.fault = only('acquireImmediately', slow(10));
    void instance.start();
    leapBy(hour);
    await pass(11);
    expect(instance.of('acquired')).toEqual([]);
    expect(store.isHeld(nameOf(0))).toBe(false);
    await pass(ttlMs / 3);
    expect(instance.of('acquired')).toHaveLength(1);
    await shutDown(instance);
  });
});

describe('L5: a lease that is lost', () => {
  it('L5: aborts `lost`, lets the work end, releases all the same and competes again', async () => {
    const { store, ...instance } = await holding();
    store.passMs(ttlMs);
    await pass(ttlMs / 3 + 1);
    expect(instance.lost.aborted).toBe(true);
    expect(instance.of('lost')).toMatchObject([
      { index: 0, error: { name: 'LeaseNotOwned', cause: { code: LOCK_NOT_OWNED } } },
    ]);
    await pass(3 * ttlMs);
    expect(instance.of('released')).toEqual([]);
    expect(instance.of('acquired')).toHaveLength(1);
    expect(instance.working.size).toBe(1);
    instance.endWork();
    await pass(0);
    expect(instance.of('released')).toHaveLength(1);
    expect(instance.callsOf('release')).toHaveLength(1);
    await pass(ttlMs / 3);
    expect(instance.of('acquired')).toHaveLength(2);
    expect(instance.of('storeFailed')).toEqual([]);
    expect(instance.working.get(0)?.lost.aborted).toBe(false);
    await shutDown(instance);
  });

  it('L5: a lease lost for want of a response is renewed again once the store is back, so that no other instance joins its last tasks', async () => {
    const { store, ...instance } = await holding();
    // The store keeps the lease (its clock is set back meanwhile), but can't be reached.
    instance.instance.fault = down;
    await pass(ttlMs);
    store.passMs(-ttlMs);
    expect(instance.of('lost')).toHaveLength(1);
    instance.instance.fault = undefined;
    const other = setUp(store);
    void other.start();
    await pass(5 * ttlMs);
    expect(other.of('acquired')).toEqual([]);
    expect(instance.of('lost')).toHaveLength(1);
    instance.endWork();
    await pass(ttlMs / 3);
    expect([instance, other].filter(({ working }) => working.size === 1)).toHaveLength(1);
    await shutDown(instance, other);
  });

  it('L5: calls the store no more for a lease that another instance has', async () => {
    const { store, ...instance } = await holding();
    store.passMs(ttlMs);
    await pass(ttlMs);
    const calls = instance.instance.calls.length;
    await pass(hour);
    expect(instance.instance.calls).toHaveLength(calls);
    await shutDown(instance);
  });

  it('L5: work may listen to `lost` a hundred times without a warning', async () => {
    const instance = await holding();
    for (let i = 0; i < 100; i++) instance.lost.addEventListener('abort', () => undefined);
    await shutDown(instance);
  });
});
