import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import type { HeldLease } from '../../../lib/leases/lease-pool.js';
import { createLeasePool } from '../../../lib/leases/lease-pool.js';
import { createFakeStore, only } from '../../support/fake-locks.js';
import {
  ttlMs,
  nameOf,
  namesOf,
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

describe('L3: competing for leases', () => {
  it('L3: alone, an instance takes all of them within a third of the ttl', async () => {
    const instance = setUp(createFakeStore(), { pollers: 20 });
    void instance.start();
    await pass(ttlMs / 3);
    expect(instance.pool.held().map(({ index }) => index)).toEqual([...Array(20).keys()]);
    await shutDown(instance);
  });

  it.each([
    { pollers: 2, instances: 2, least: 1, most: 1 },
    { pollers: 12, instances: 3, least: 3, most: 5 },
    { pollers: 100, instances: 4, least: 20, most: 30 },
    { pollers: 3, instances: 6, least: 0, most: 1 },
  ])(
    'L3: $instances instances started together share $pollers pollers',
    async ({ pollers, instances, least, most }) => {
      const store = createFakeStore();
      const all = Array.from({ length: instances }, () => setUp(store, { pollers }));
      for (const { start, instance } of all) {
        instance.fault = only('acquireImmediately', slow(1));
        void start();
        await pass(100 / instances);
      }
      await pass(ttlMs);
      const shares = all.map(({ pool }) => pool.held().length);
      expect(shares.reduce((sum, share) => sum + share)).toBe(pollers);
      for (const share of shares) {
        expect(share).toBeGreaterThanOrEqual(least);
        expect(share).toBeLessThanOrEqual(most);
      }
      await shutDown(...all);
    },
  );

  it('L3: never holds more than maxHeld, works that drain a lost lease among them', async () => {
    const store = createFakeStore();
    const instance = setUp(store, { pollers: 10, maxHeld: 3 });
    void instance.start();
    for (let round = 0; round < 10; round++) {
      await pass(ttlMs / 5);
      expect(instance.pool.held().length).toBeLessThanOrEqual(3);
    }
    expect(instance.pool.held()).toHaveLength(3);
    instance.instance.fault = down;
    await pass(ttlMs);
    instance.instance.fault = undefined;
    await pass(2 * ttlMs);
    expect(instance.of('lost')).toHaveLength(3);
    expect(instance.working.size).toBe(3);
    instance.endWork();
    await pass(ttlMs);
    expect(instance.pool.held()).toHaveLength(3);
    await shutDown(instance);
  });

  it('L3: tries every free lease within a third of the ttl, in random order, with jitter', async () => {
    const store = createFakeStore();
    const holder = setUp(store, { pollers: 5 });
    void holder.start();
    await pass(ttlMs);
    const contender = setUp(store, { pollers: 5 });
    void contender.start();
    await pass(20 * ttlMs);
    const tries = contender.callsOf('acquireImmediately');
    for (const name of namesOf(5)) {
      const waits = gaps(tries.filter((call) => call.name === name));
      expect(Math.max(...waits)).toBeLessThanOrEqual(ttlMs / 3);
      expect(new Set(waits).size).toBeGreaterThan(waits.length / 4);
    }
    const orders = Array.from({ length: 20 }, (_, round) =>
      tries
        .slice(round * 5, round * 5 + 5)
        .map(({ name }) => name)
        .join(),
    );
    expect(new Set(orders).size).toBeGreaterThan(5);
    await shutDown(holder, contender);
  });

  it('L3: tries what another instance holds, and nothing that it holds itself', async () => {
    const store = createFakeStore();
    const holder = setUp(store, { pollers: 1 });
    void holder.start();
    await pass(0);
    const contender = setUp(store, { pollers: 3 });
    void contender.start();
    await pass(3 * ttlMs);
    const triesOf = (index: number) =>
      contender.callsOf('acquireImmediately').filter(({ name }) => name === nameOf(index)).length;
    expect(triesOf(0)).toBeGreaterThan(3);
    expect([1, 2].map(triesOf)).toEqual([1, 1]);
    await shutDown(holder, contender);
  });

  it('L2: tells each renewal, and needs nobody to hear of it', async () => {
    const instance = await holding();
    await pass(ttlMs);
    expect(instance.of('renewed')[0]).toMatchObject({ what: 'renewed', index: 0 });
    await shutDown(instance);

    const on = { acquired: () => undefined, lost: vi.fn(), released: () => undefined };
    const pool = setUp(createFakeStore(), { on: { ...on, storeFailed: vi.fn() } });
    void pool.start();
    await pass(2 * ttlMs);
    expect(pool.callsOf('extend').length).toBeGreaterThan(3);
    expect(on.lost).not.toHaveBeenCalled();
    await shutDown(pool);
  });

  it('L2: compares the clocks of each lease every twelfth of the ttl', async () => {
    let leapMs = 0;
    const clock = { ...systemClock, wall: () => Date.now() + leapMs };
    const instance = await holding({ clock });
    leapMs = ttlMs;
    await pass(ttlMs / 12);
    expect(instance.callsOf('extend')).toHaveLength(1);
    expect(instance.of('lost')).toEqual([]);
    await shutDown(instance);
  });

  it('L3: what a store knows of the present holder brings the next try forward', async () => {
    const store = createFakeStore();
    await store
      .instance()
      .locks.createLock(nameOf(0), ttlMs / 10)
      .acquireImmediately();
    const instance = setUp(store, {});
    const { createLock } = instance.instance.locks;
    const diesAt = performance.now() + ttlMs / 10;
    instance.instance.locks.createLock = (name, ms) => ({
      ...createLock(name, ms),
      claimableInMs: () => Math.max(0, diesAt - performance.now()),
    });
    void instance.start();
    await pass(ttlMs / 10 + 1);
    expect(instance.of('acquired')).toHaveLength(1);
    await shutDown(instance);
  });
});

describe('L4: take-over', () => {
  it('L4: a crashed holder is replaced within its ttl and a third', async () => {
    for (let kill = 0; kill < 20; kill++) {
      const store = createFakeStore();
      const instance = setUp(store);
      void instance.start();
      await pass(kill);
      await store.instance().locks.createLock(nameOf(0), ttlMs).acquireImmediately();
      instance.endWork();
      await pass(ttlMs + ttlMs / 3);
      expect(instance.of('acquired').length).toBeGreaterThanOrEqual(1);
      expect(instance.working.size).toBe(1);
      await shutDown(instance);
    }
  });

  it("L4: a stopped holder's leases run elsewhere within a third of the ttl", async () => {
    for (let round = 0; round < 20; round++) {
      const store = createFakeStore();
      const first = setUp(store, { pollers: 8 });
      void first.start();
      await pass(ttlMs / 3);
      const second = setUp(store, { pollers: 8 });
      void second.start();
      await pass(ttlMs / 2 + round * 100);
      expect(second.pool.held()).toEqual([]);
      first.stop();
      first.endWork();
      await pass(ttlMs / 3);
      expect(second.pool.held()).toHaveLength(8);
      await shutDown(first, second);
    }
  });
});

describe('L8: stopping', () => {
  it('L8: acquires no more, renews until the work has ended, then releases and resolves', async () => {
    const store = createFakeStore();
    const instance = setUp(store, { pollers: 3, maxHeld: 2 });
    const ran = instance.start();
    await pass(ttlMs);
    expect(instance.pool.held()).toHaveLength(2);
    instance.stop();
    const tries = instance.callsOf('acquireImmediately').length;
    await pass(10 * ttlMs);
    expect(instance.callsOf('acquireImmediately')).toHaveLength(tries);
    expect(instance.of('lost')).toEqual([]);
    expect(instance.pool.held()).toHaveLength(2);
    expect(instance.ended()).toBe(false);
    instance.endWork();
    await ran;
    expect(instance.of('released')).toHaveLength(2);
    for (const name of namesOf(3)) expect(store.isHeld(name)).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('L8: what is granted while stopping is given back, and no work begins', async () => {
    const store = createFakeStore();
    const instance = setUp(store);
    instance.instance.fault = only('acquireImmediately', slow(20));
    const ran = instance.start();
    await pass(10);
    instance.stop();
    await pass(11);
    await ran;
    expect(instance.of('acquired')).toEqual([]);
    expect(store.isHeld(nameOf(0))).toBe(false);
  });

  it('L8: a release that fails in passing is tried again', async () => {
    const instance = await holding();
    let attempts = 0;
    instance.instance.fault = only('release', (call) => {
      attempts += 1;
      return attempts === 1 ? Promise.reject(new Error('ECONNRESET')) : call.effect();
    });
    await shutDown(instance);
    expect(instance.store.isHeld(nameOf(0))).toBe(false);
    expect(instance.of('storeFailed')).toEqual([]);
  });

  it.each([
    { trouble: 'refuses', fault: down },
    { trouble: 'hangs', fault: hanging },
  ])(
    'L8: a store that $trouble holds the stop up by a sixth of the ttl at most',
    async ({ fault }) => {
      const instance = await holding();
      instance.instance.fault = fault;
      instance.stop();
      instance.endWork();
      await pass(ttlMs / 6 + 1);
      expect(instance.ended()).toBe(true);
      expect(instance.of('storeFailed')).toHaveLength(1);
      expect(instance.of('released')).toHaveLength(1);
    },
  );

  it('L8: a stop from within the observer leaves nothing held', async () => {
    const store = createFakeStore();
    const stopping = new AbortController();
    let worked = 0;
    const pool = createLeasePool({
      clock: systemClock,
      locks: store.instance().locks,
      names: namesOf(2),
      ttlMs,
      work: async () => void (worked += 1),
      on: {
        acquired: () => stopping.abort(),
        lost: () => undefined,
        released: () => undefined,
        storeFailed: () => undefined,
      },
    });
    await pool.run(stopping.signal);
    expect(worked).toBe(1);
    for (const name of namesOf(2)) expect(store.isHeld(name)).toBe(false);
  });

  it('L8: a stop from within the observer of the very first call ends it', async () => {
    const instance = setUp(createFakeStore(), { pollers: 3 });
    let attempts = 0;
    instance.instance.fault = only('createLock', () => {
      attempts += 1;
      instance.stop();
      throw new Error('at once');
    });
    await Promise.all([instance.start(), pass(5 * ttlMs)]);
    expect(attempts).toBeLessThanOrEqual(3);
    expect(instance.of('acquired')).toEqual([]);
  });

  it('L1: renamed in the middle of a round, takes no lock that has no name', async () => {
    // In random order: ten rounds, lest chance take the two that stay every time.
    for (let round = 0; round < 10; round += 1) {
      const instance = setUp(createFakeStore(), { pollers: 20 });
      instance.instance.fault = only('acquireImmediately', (call) => {
        instance.pool.rename(namesOf(2));
        return call.effect();
      });
      void instance.start();
      await pass(2 * ttlMs);
      expect(instance.working.size).toBeGreaterThanOrEqual(2);
      const asked = new Set(instance.callsOf('createLock').map(({ name }) => name));
      expect([...asked].filter((name) => !namesOf(20).includes(name))).toEqual([]);
      await shutDown(instance);
    }
  });

  it('L8: aborted before it began, it does nothing', async () => {
    const instance = setUp(createFakeStore());
    instance.stop();
    await instance.start();
    expect(instance.instance.calls).toEqual([]);
  });
});

describe('held', () => {
  it('lists what it holds, since when and renewed when', async () => {
    const startedAt = Date.now();
    const instance = setUp(createFakeStore(), { pollers: 2 });
    instance.instance.fault = only('acquireImmediately', slow(7));
    void instance.start();
    await pass(7);
    const [first]: HeldLease[] = instance.pool.held();
    expect(first).toEqual({
      index: expect.any(Number) as number,
      since: startedAt + 7,
      renewedAt: startedAt,
      lost: false,
    });
    await pass(5 * ttlMs);
    expect(instance.pool.held().map(({ index }) => index)).toEqual([0, 1]);
    for (const { since, renewedAt } of instance.pool.held()) {
      expect(since).toBeLessThanOrEqual(startedAt + ttlMs);
      expect(renewedAt).toBeGreaterThan(Date.now() - ttlMs / 2);
    }
    await shutDown(instance);
  });
});
