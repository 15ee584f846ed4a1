import { describe, expect, it } from 'vitest';
import type { Call, Fault } from '../../support/fake-locks.js';
import { createFakeStore, never, NotOwned, only } from '../../support/fake-locks.js';
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

describe('L6: a store in trouble', () => {
  it.each([
    { trouble: 'refuses', fault: down },
    { trouble: 'hangs', fault: hanging },
  ])('L6: a store that $trouble for less than the lease changes nothing', async ({ fault }) => {
    const instance = await holding();
    for (let outage = 0; outage < 10; outage++) {
      instance.instance.fault = fault;
      await pass(0.4 * ttlMs);
      instance.instance.fault = undefined;
      await pass(0.5 * ttlMs);
    }
    expect(instance.of('storeFailed').length).toBeGreaterThan(5);
    expect(instance.of('lost')).toEqual([]);
    expect(instance.lost.aborted).toBe(false);
    await shutDown(instance);
  });

  it.each([
    { trouble: 'refuses', fault: down },
    { trouble: 'hangs', fault: hanging },
  ])(
    'L6: a store that $trouble at start: no work, events, back-off, and a start by itself',
    async ({ fault }) => {
      const instance = setUp(createFakeStore(), { pollers: 100 });
      instance.instance.fault = fault;
      void instance.start();
      await pass(20 * ttlMs);
      expect(instance.working.size).toBe(0);
      const failed = instance.of('storeFailed');
      expect(failed.length).toBeGreaterThan(10);
      // Two calls a round, not a hundred; and rounds further and further apart.
      expect(failed.length).toBeLessThan(60);
      expect(Math.max(...gaps(failed))).toBeGreaterThan(ttlMs / 2);
      instance.instance.fault = undefined;
      await pass(2 * ttlMs);
      expect(instance.working.size).toBe(100);
      await shutDown(instance);
    },
  );
});

describe('L6: one lease in trouble', () => {
  it('L6: keeps no other from being acquired', async () => {
    const instance = setUp(createFakeStore(), { pollers: 10 });
    instance.instance.fault = (call) => (call.name === nameOf(3) ? down(call) : call.effect());
    void instance.start();
    await pass(ttlMs);
    expect(instance.pool.held()).toHaveLength(9);
    await shutDown(instance);
  });
});

describe('L7: an acquire whose answer is lost', () => {
  const answerLost: Fault = async (call) => {
    await call.effect();
    throw new Error('ECONNRESET');
  };

  it('L7: was granted unheard: it is released at once, and no work begins', async () => {
    const store = createFakeStore();
    const instance = setUp(store);
    instance.instance.fault = only('acquireImmediately', answerLost);
    void instance.start();
    await pass(0);
    expect(instance.callsOf('release')).toHaveLength(1);
    expect(store.isHeld(nameOf(0))).toBe(false);
    expect(instance.of('storeFailed')).toHaveLength(1);
    expect(instance.working.size).toBe(0);
    await shutDown(instance);
  });

  it('L7: and one that hangs is released when its time is over', async () => {
    const store = createFakeStore();
    const instance = setUp(store);
    instance.instance.fault = only('acquireImmediately', (call) => {
      void call.effect();
      return never();
    });
    void instance.start();
    await pass(ttlMs / 6 - 1);
    expect(store.isHeld(nameOf(0))).toBe(true);
    await pass(2);
    expect(store.isHeld(nameOf(0))).toBe(false);
    await shutDown(instance);
  });

  it('L7: a `true` that comes too late is released when it comes', async () => {
    const store = createFakeStore();
    const instance = setUp(store);
    instance.instance.fault = only('acquireImmediately', slow(ttlMs / 6 + 5));
    void instance.start();
    await pass(ttlMs / 6 + 4);
    expect(instance.of('storeFailed')).toHaveLength(1);
    await pass(2);
    expect(instance.callsOf('release')).toHaveLength(2);
    expect(store.isHeld(nameOf(0))).toBe(false);
    expect(instance.working.size).toBe(0);
    await shutDown(instance);
  });

  it('L7: what an old try left on its way can not release what a newer one was granted', async () => {
    const store = createFakeStore();
    const instance = setUp(store);
    const late: Call[] = [];
    instance.instance.fault = (call) => {
      if (call.method === 'createLock') return call.effect();
      late.push(call);
      return never();
    };
    void instance.start();
    await pass(ttlMs / 3);
    instance.instance.fault = undefined;
    await pass(ttlMs);
    expect(instance.working.size).toBe(1);
    for (const call of late) await Promise.resolve(call.effect()).catch(() => undefined);
    expect(store.isHeld(nameOf(0))).toBe(true);
    await pass(ttlMs);
    expect(instance.of('lost')).toEqual([]);
    await shutDown(instance);
  });
});

describe('L9: bad stores and bad work', () => {
  const abortError = Object.assign(new Error('connection closed'), { name: 'AbortError' });
  const nothing = undefined as unknown as Error;
  const answers: { answer: string; fault: Fault }[] = [
    {
      answer: 'throws at once',
      fault: () => {
        throw new Error('not connected');
      },
    },
    { answer: 'returns undefined', fault: () => undefined },
    { answer: 'returns true, not promised', fault: () => true },
    { answer: 'promises undefined', fault: () => Promise.resolve() },
    { answer: "promises 'OK'", fault: () => Promise.resolve('OK') },
    { answer: 'promises 1', fault: () => Promise.resolve(1) },
    { answer: 'never answers', fault: never },
    { answer: 'answers late', fault: slow(ttlMs / 5) },
    { answer: 'rejects with nothing', fault: () => Promise.reject(nothing) },
    { answer: 'rejects with a foreign AbortError', fault: () => Promise.reject(abortError) },
    { answer: 'rejects as not owned', fault: () => Promise.reject(new NotOwned()) },
  ];

  it.each(answers)('L9: no work on an acquire that $answer', async ({ fault }) => {
    const instance = setUp(createFakeStore(), { pollers: 3 });
    instance.instance.fault = only('acquireImmediately', fault);
    void instance.start();
    await pass(10 * ttlMs);
    expect(instance.of('acquired')).toEqual([]);
    expect(instance.of('storeFailed').length).toBeGreaterThan(3);
    expect(instance.instance.calls.length).toBeLessThan(300);
    instance.instance.fault = undefined;
    await pass(2 * ttlMs);
    expect(instance.working.size).toBe(3);
    await shutDown(instance);
  });

  it.each([
    ['promises', () => Promise.resolve({})],
    ['rejects', () => Promise.reject(new Error('no connection'))],
    ['makes nothing', () => undefined],
    ['throws', () => void expect.unreachable()],
  ])('L9: a factory that %s makes no locks, and that is reported', async (_, fault) => {
    const instance = setUp(createFakeStore());
    instance.instance.fault = only('createLock', fault);
    void instance.start();
    await pass(5 * ttlMs);
    expect(instance.of('acquired')).toEqual([]);
    expect(instance.of('storeFailed').length).toBeGreaterThan(3);
    await shutDown(instance);
  });

  it.each(answers.filter(({ answer }) => !/promises|not owned/.test(answer)))(
    'L9: an extend that $answer is no renewal',
    async ({ fault }) => {
      const instance = await holding();
      instance.instance.fault = only('extend', fault);
      await pass(ttlMs);
      expect(instance.of('renewed')).toEqual([]);
      expect(instance.of('lost')).toMatchObject([{ error: { name: 'LeaseExpired' } }]);
      await shutDown(instance);
    },
  );

  it('L9: an extend that promises false is no renewal', async () => {
    const instance = await holding();
    instance.instance.fault = only('extend', () => Promise.resolve(false));
    await pass(ttlMs);
    expect(instance.of('renewed')).toEqual([]);
    expect(instance.of('lost')).toHaveLength(1);
    await shutDown(instance);
  });

  it.each(answers)('L9: a release that $answer holds up nothing for long', async ({ fault }) => {
    const instance = await holding();
    instance.instance.fault = only('release', fault);
    instance.endWork();
    await pass(ttlMs / 6 + 1);
    expect(instance.of('released')).toHaveLength(1);
    await shutDown(instance);
  });

  it.each([
    {
      answer: 'throws',
      createLock: () => {
        throw new Error('no such table');
      },
    },
    { answer: 'returns undefined', createLock: () => undefined as never },
    {
      answer: 'returns half a lock',
      createLock: () => ({ release: async () => undefined }) as never,
    },
  ])('L9: a createLock that $answer makes events, not a crash', async ({ createLock }) => {
    const instance = setUp(createFakeStore(), { locks: { createLock } });
    void instance.start();
    await pass(10 * ttlMs);
    expect(instance.working.size).toBe(0);
    expect(instance.of('storeFailed').length).toBeGreaterThan(3);
    await shutDown(instance);
  });

  it.each([NaN, -1, 'soon', null])('L9: a claimableInMs of %s makes no busy loop', async (inMs) => {
    const store = createFakeStore();
    const holder = await holding();
    const contender = setUp(holder.store);
    const { createLock } = contender.instance.locks;
    contender.instance.locks.createLock = (name, ms) => ({
      ...createLock(name, ms),
      claimableInMs: () => inMs as number,
    });
    void contender.start();
    await pass(10 * ttlMs);
    expect(contender.callsOf('acquireImmediately').length).toBeLessThan(100);
    expect(store.isHeld(nameOf(0))).toBe(false);
    await shutDown(holder, contender);
  });

  it('L9: work that rejects costs no other work anything, rejects in the end, and its lease is competed for again', async () => {
    const instance = setUp(createFakeStore(), { pollers: 2 });
    const ran = instance.start();
    await pass(ttlMs);
    instance.working.get(0)?.fail(new Error('a bug'));
    await pass(ttlMs / 3);
    expect(instance.of('acquired')).toHaveLength(3);
    expect(instance.of('lost')).toEqual([]);
    instance.stop();
    instance.endWork();
    await expect(ran).rejects.toThrow('a bug');
  });

  it('L9: a renewal that fails as the work ends rejects nowhere', async () => {
    for (const ticks of [0, 1, 2, 3, 4, 5, 6, 8, 10]) {
      const instance = setUp(createFakeStore());
      const ran = instance.start();
      await pass(1);
      instance.instance.fault = only('extend', async () => {
        void (async () => {
          for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
          instance.endWork();
        })();
        throw new Error('ECONNRESET');
      });
      await pass(ttlMs / 3);
      expect(instance.of('released').length).toBeGreaterThanOrEqual(1);
      await shutDown(instance);
      await ran;
    }
  });

  it('L9: work that throws at once and ends at once makes no busy loop', async () => {
    const instance = setUp(createFakeStore(), {
      work: () => {
        throw new Error('a bug');
      },
    });
    const ran = instance.start();
    await pass(10 * ttlMs);
    expect(instance.of('acquired').length).toBeLessThan(100);
    instance.stop();
    await expect(ran).rejects.toThrow('a bug');
  });

  it('L9: no names, nothing to do, and an end when it is stopped', async () => {
    const instance = setUp(createFakeStore(), { names: [] });
    const ran = instance.start();
    await pass(hour);
    expect(instance.instance.calls).toEqual([]);
    instance.stop();
    await ran;
  });
});
