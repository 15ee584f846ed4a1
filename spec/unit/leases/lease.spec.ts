import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HeldLease, LeasePoolOptions } from '../../../lib/leases/lease-pool.js';
import { createLeasePool } from '../../../lib/leases/lease-pool.js';
import { systemClock } from '../../../lib/async/clock.js';
import { LOCK_NOT_OWNED } from '../../../lib/locks/types.js';
import type { Call, FakeStore, Fault, Method } from '../../support/fake-locks.js';
import { createFakeStore, never, NotOwned, only } from '../../support/fake-locks.js';

const ttlMs = 12_000;
const hour = 3_600_000;

const warnings: Error[] = [];
const onWarning = (warning: Error) => void warnings.push(warning);

beforeEach(() => {
  vi.useFakeTimers();
  process.on('warning', onWarning);
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  process.off('warning', onWarning);
  expect(warnings.splice(0)).toEqual([]);
});

const nameOf = (index: number) => `poller-${index}`;
const namesOf = (pollers: number) => Array.from({ length: pollers }, (_, index) => nameOf(index));
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

interface Told {
  what: 'acquired' | 'renewed' | 'lost' | 'released' | 'storeFailed';
  index: number;
  at: number;
  error?: unknown;
}

/** A pool whose works end when the test says so, or a while after their lease is lost. */
function setUp(
  store: FakeStore,
  { pollers = 1, ...options }: Partial<LeasePoolOptions> & { pollers?: number } = {},
) {
  const instance = store.instance();
  const told: Told[] = [];
  const working = new Map<number, { end(): void; fail(error: Error): void; lost: AbortSignal }>();
  const tell = (what: Told['what']) => (index: number, error?: unknown) =>
    void told.push({
      what,
      index,
      at: performance.now(),
      ...(error === undefined ? {} : { error }),
    });
  const names = namesOf(pollers);
  const pool = createLeasePool({
    clock: systemClock,
    locks: instance.locks,
    names,
    ttlMs,
    work: (index, lost) =>
      new Promise<void>((resolve, reject) => {
        expect(working.has(index)).toBe(false);
        const end = () => {
          working.delete(index);
          resolve();
        };
        const fail = (error: Error) => {
          working.delete(index);
          reject(error);
        };
        working.set(index, { end, fail, lost });
      }),
    on: {
      acquired: tell('acquired'),
      renewed: tell('renewed'),
      lost: tell('lost'),
      released: tell('released'),
      storeFailed: tell('storeFailed'),
    },
    ...options,
  });
  const stopping = new AbortController();
  let ended = false;
  return {
    instance,
    pool,
    told,
    working,
    of: (what: Told['what']) => told.filter((event) => event.what === what),
    callsOf: (method: Method) => instance.calls.filter((call) => call.method === method),
    start() {
      const run = pool.run(stopping.signal);
      const settled = () => void (ended = true);
      run.then(settled, settled);
      return run;
    },
    ended: () => ended,
    stop: () => stopping.abort(),
    endWork() {
      for (const { end } of [...working.values()]) end();
    },
  };
}

type Instance = ReturnType<typeof setUp>;

/** Stops an instance, good or bad, and sees to it that it ends in bounded time. */
async function shutDown(...instances: Instance[]): Promise<void> {
  for (const { stop, endWork } of instances) {
    stop();
    endWork();
  }
  await pass(ttlMs);
  for (const { ended, working, pool } of instances) {
    expect(ended()).toBe(true);
    expect(working.size).toBe(0);
    expect(pool.held()).toEqual([]);
  }
}

/** One instance that holds its one poller. */
async function holding(options: Partial<LeasePoolOptions> = {}) {
  const store = createFakeStore();
  const instance = setUp(store, options);
  void instance.start();
  await pass(0);
  expect(instance.of('acquired')).toHaveLength(1);
  expect(instance.working.size).toBe(1);
  const { lost } = instance.working.get(0) ?? expect.unreachable();
  return { store, lost, ...instance };
}

const down: Fault = (call) => {
  if (call.method === 'createLock') return call.effect();
  return Promise.reject(new Error('ECONNREFUSED'));
};
const hanging: Fault = (call) => (call.method === 'createLock' ? call.effect() : never());
const slow =
  (ms: number): Fault =>
  async (call) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return call.effect();
  };

const gaps = (calls: { at: number }[]) =>
  calls.slice(1).map(({ at }, index) => at - (calls[index]?.at ?? 0));

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

  it('L2: after a machine was suspended, its monotonic clock standing still, the store tells that the lease is gone', async () => {
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

  it('L2: a grant that the machine slept over is given back, and no work is begun on it', async () => {
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

  it('L3: what a store tells of the present holder brings the next try forward', async () => {
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

  it('L5: a lease lost for want of an answer is renewed again once the store is back, so that nobody else joins its last tasks', async () => {
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

  it('L5: calls the store no more for a lease that somebody else has', async () => {
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

describe('L5, L6, L7: a store that does anything', () => {
  const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

  /** Each call takes effect late or not, and its answer comes late, wrong or not at all. */
  const anything: Fault = async (call) => {
    await later(Math.random() * (ttlMs / 8));
    const fate = Math.random();
    if (fate < 0.1) throw new Error('ECONNREFUSED');
    if (fate < 0.15) await later(ttlMs / 3);
    const answer = await call.effect();
    await later(Math.random() * (ttlMs / 16));
    if (fate < 0.25) throw new Error('ECONNRESET');
    return answer;
  };

  it('L5, L6, L7: never has two at work on one poller, and always comes back to one', async () => {
    for (let run = 0; run < 10; run++) {
      const store = createFakeStore();
      const instances = Array.from({ length: 3 }, () => setUp(store, { pollers: 3 }));
      const atWork = () =>
        instances.flatMap(({ working }) =>
          [...working].filter(([, { lost }]) => !lost.aborted).map(([index]) => index),
        );
      for (const { start } of instances) void start();
      for (let step = 0; step < 400; step++) {
        for (const { instance, working } of instances) {
          if (Math.random() < 0.03) {
            instance.fault = [undefined, anything, down, hanging][Math.floor(Math.random() * 4)];
            if (instance.fault === anything || instance.fault === down) {
              const { fault } = instance;
              instance.fault = (call) =>
                call.method === 'createLock' ? call.effect() : fault(call);
            }
          }
          for (const { end, lost } of [...working.values()]) {
            if (Math.random() < (lost.aborted ? 0.2 : 0.01)) end();
          }
        }
        await pass(ttlMs / 20);
        expect(new Set(atWork()).size).toBe(atWork().length);
      }
      for (const { instance } of instances) instance.fault = undefined;
      for (let step = 0; step < 10; step++) {
        // Some leases are found to be lost only now.
        for (const { working } of instances) {
          for (const { end, lost } of [...working.values()]) if (lost.aborted) end();
        }
        await pass(ttlMs / 3);
      }
      expect(atWork().sort()).toEqual([0, 1, 2]);
      await shutDown(...instances);
    }
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

  it('L7: a `true` that comes too late is given back when it comes', async () => {
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
    let failures = 0;
    instance.instance.fault = only('release', (call) => {
      failures += 1;
      return failures === 1 ? Promise.reject(new Error('ECONNRESET')) : call.effect();
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
    let told = 0;
    instance.instance.fault = only('createLock', () => {
      told += 1;
      instance.stop();
      throw new Error('at once');
    });
    await Promise.all([instance.start(), pass(5 * ttlMs)]);
    expect(told).toBeLessThanOrEqual(3);
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
      expect(instance.callsOf('createLock').map(({ name }) => name)).not.toContain('');
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
  ])('L9: a factory that %s makes no locks, and that is told', async (_, fault) => {
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

  it('L9: work that rejects costs nobody else anything, is told in the end, and its lease competed for again', async () => {
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

  it("L9: a renewal that fails as the work ends is nobody's error", async () => {
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

  it('L9: no names, nothing to do, and an end when told', async () => {
    const instance = setUp(createFakeStore(), { names: [] });
    const ran = instance.start();
    await pass(hour);
    expect(instance.instance.calls).toEqual([]);
    instance.stop();
    await ran;
  });

  it('L9: 1,000 leases: all held and kept, with no warning of leaked listeners', async () => {
    const store = createFakeStore();
    const instance = setUp(store, { pollers: 1_000 });
    instance.instance.fault = only('acquireImmediately', slow(5));
    const ran = instance.start();
    await pass(ttlMs / 3 + 500);
    expect(instance.pool.held()).toHaveLength(1_000);
    await pass(ttlMs / 2);
    expect(instance.of('renewed').length).toBeGreaterThan(1_000);
    expect(instance.of('lost')).toEqual([]);
    instance.stop();
    instance.endWork();
    await pass(100);
    await ran;
  });
});

describe('held', () => {
  it('tells who holds what, since when and renewed when', async () => {
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
