import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLeasePool } from '../../../lib/leases/lease-pool.js';
import { createFakeStore } from '../../support/fake-locks.js';
import { createFakeGroups } from '../../support/fake-membership.js';
import type { VirtualClock } from '../../support/virtual-clock.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

const ttlMs = 30_000;
const pollMs = 60_000;

const { now } = performance;
let clock: VirtualClock;
beforeEach(() => {
  clock = createVirtualClock();
  // The stores in memory go by it. A spy would remember each of a million calls.
  performance.now = () => clock.monotonic();
});
afterEach(() => {
  performance.now = now;
  expect(clock.timers()).toBe(0);
});

const pass = (ms: number) => clock.pass(ms);

interface Instance {
  held(): number;
  calls: unknown[];
  stop(): Promise<void>;
}

/** Instances that share pollers; work that is to end takes what is left of a long poll. */
function createCluster(pollers: number) {
  const store = createFakeStore();
  const groups = createFakeGroups();
  const names = Array.from({ length: pollers }, (_, index) => `poller-${index}`);
  const all: Instance[] = [];
  let handOvers = 0;

  function add(maxHeld?: number): Instance {
    const { locks, calls } = store.instance();
    const stopping = new AbortController();
    setMaxListeners(0, stopping.signal);
    const ends = new Map<number, () => void>();
    const endsSoon = (index: number) =>
      clock.setTimer(Math.random() * pollMs, () => ends.get(index)?.());
    const pool = createLeasePool({
      locks: groups.on(locks),
      names,
      ttlMs,
      clock,
      maxHeld,
      work: (index, lost) =>
        new Promise<void>((resolve) => {
          const end = () => {
            ends.delete(index);
            resolve();
          };
          ends.set(index, end);
          lost.addEventListener('abort', end);
          stopping.signal.addEventListener('abort', end);
        }),
      sharing: {
        group: 'members',
        load: () => 0,
        handOver(index) {
          handOvers += 1;
          endsSoon(index);
        },
      },
      on: {
        acquired: () => undefined,
        lost: () => undefined,
        released: () => undefined,
        storeFailed: () => undefined,
      },
    });
    const ran = pool.run(stopping.signal);
    const instance: Instance = {
      held: () => pool.held().length,
      calls,
      async stop() {
        stopping.abort();
        await pass(ttlMs / 6);
        await ran;
        all.splice(all.indexOf(instance), 1);
      },
    };
    all.push(instance);
    return instance;
  }

  return {
    add,
    groups,
    shares: () => all.map(({ held }) => held()).sort((a, b) => b - a),
    handOvers: () => handOvers,
    calls: () => all.reduce((sum, { calls }) => sum + calls.length, 0) + groups.calls(),
    async stopAll() {
      while (all[0] !== undefined) await all[0].stop();
      // Ends that nothing waits for any longer.
      await pass(pollMs);
    },
  };
}

/** Ten, with what they hold in the end; nothing moves any longer. */
async function expectEven(cluster: ReturnType<typeof createCluster>, shares: number[]) {
  // Bounded by its own clock: the machine's would only say how busy the machine is.
  for (let i = 0; i < 200 && String(cluster.shares()) !== String(shares); i++) await pass(ttlMs);
  expect(cluster.shares()).toEqual(shares);
  const before = cluster.handOvers();
  await pass(10 * ttlMs);
  expect(cluster.shares()).toEqual(shares);
  expect(cluster.handOvers()).toBe(before);
}

const ten = Array.from({ length: 10 }, () => 4);

// Hours of virtual time.
describe('L10: fair shares, 10 instances and 40 pollers', { timeout: 300_000 }, () => {
  it('L10: started together', async () => {
    const cluster = createCluster(40);
    for (let i = 0; i < 10; i++) cluster.add();
    await pass(ttlMs);
    expect(cluster.shares()).toEqual(ten);
    expect(cluster.handOvers()).toBe(0);
    await cluster.stopAll();
  });

  it('L10: started half a second apart', async () => {
    const cluster = createCluster(40);
    for (let i = 0; i < 10; i++) {
      cluster.add();
      await pass(500);
    }
    await expectEven(cluster, ten);
    await cluster.stopAll();
  });

  it('L10: nine join one that has them all', async () => {
    const cluster = createCluster(40);
    cluster.add();
    await pass(ttlMs);
    expect(cluster.shares()).toEqual([40]);
    for (let i = 0; i < 9; i++) cluster.add();
    const before = cluster.handOvers();
    await expectEven(cluster, ten);
    expect(cluster.handOvers() - before).toBe(36);
    await cluster.stopAll();
  });

  it('L10: nine join one that has them all, and every third look fails: no lease is handed over twice', async () => {
    const cluster = createCluster(40);
    cluster.add();
    await pass(ttlMs);
    cluster.groups.failsOnceIn = 3;
    for (let i = 0; i < 9; i++) cluster.add();
    const before = cluster.handOvers();
    await expectEven(cluster, ten);
    expect(cluster.handOvers() - before).toBe(36);
    await cluster.stopAll();
  });

  it('L10: a rolling deployment', async () => {
    const cluster = createCluster(40);
    const old = Array.from({ length: 10 }, () => cluster.add());
    await pass(ttlMs);
    for (const instance of old) {
      cluster.add();
      await pass(ttlMs / 3);
      await instance.stop();
    }
    await expectEven(cluster, ten);
    await cluster.stopAll();
  });

  it('L10: scaling in, and out by less than a whole share', async () => {
    const cluster = createCluster(40);
    const all = Array.from({ length: 10 }, () => cluster.add());
    await pass(ttlMs);
    for (const instance of all.slice(5)) await instance.stop();
    await expectEven(cluster, [8, 8, 8, 8, 8]);
    cluster.add();
    for (let i = 0; i < 30 && Math.min(...cluster.shares()) < 6; i++) await pass(ttlMs);
    expect(Math.min(...cluster.shares())).toBe(6);
    const settled = cluster.handOvers();
    await pass(10 * ttlMs);
    expect(cluster.handOvers()).toBe(settled);
    await cluster.stopAll();
  });

  it('L10: one with a cap of its own takes no more, and the others do not wait for it', async () => {
    const cluster = createCluster(10);
    cluster.add(1);
    cluster.add();
    await pass(3 * ttlMs);
    expect(cluster.shares()).toEqual([9, 1]);
    await pass(20 * ttlMs);
    expect(cluster.handOvers()).toBe(0);
    await cluster.stopAll();
  });

  it('L10: without the members of a store, nothing is handed over and nothing stands still', async () => {
    const cluster = createCluster(4);
    cluster.groups.down = true;
    cluster.add();
    await pass(ttlMs);
    cluster.add();
    await pass(10 * ttlMs);
    expect(cluster.shares()).toEqual([4, 0]);
    cluster.groups.down = false;
    await pass(10 * ttlMs);
    expect(cluster.shares()).toEqual([2, 2]);
    await cluster.stopAll();
  });
});
