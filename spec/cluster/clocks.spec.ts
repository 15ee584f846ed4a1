import { setTimeout as pass } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { engines } from '../integration/locks/engines.js';
import type { Cluster } from './cluster.js';
import { createCluster } from './cluster.js';
import { nowMs } from './clock.js';
import type { Instance } from './instances.js';
import { holds, isRunning, momentOf, standBy } from './up.js';

/** A sixth of it must do for an answer of the store, on a busy machine too. */
const lockTtlMs = 6_000;
const hour = 3_600_000;
/** For the store's own time, and this machine's under load. */
const slackMs = 3_000;
const peacefully = { code: 0, signal: null, stderr: '' };

it.for(engines)(
  'L2: the wall clock of one process leaps by an hour, forward and back: nothing changes, on $name',
  { timeout: 120_000, concurrent: true },
  async (engine) => {
    // Each leap is a question to the store, which has a sixth of the ttl for its answer.
    await using cluster = await createCluster(engine, { lockTtlMs: 12_000, maxConcurrency: 1 });
    const { sfn, activityName, trace } = cluster;
    // One poller: with two, L10 would hand one of them to the second instance.
    const holder = await standBy(cluster);
    await holds(holder, 1);
    const other = await standBy(cluster);

    // First the one that holds, then the one that would take over.
    const leaps: [Instance, number][] = [
      [holder, hour],
      [holder, 0],
      [holder, -hour],
      [holder, 0],
      [other, hour],
      [other, -hour],
    ];
    const begunAt = nowMs();
    for (const [number, [instance, leapMs]] of leaps.entries()) {
      instance.leapClock(leapMs);
      // The clocks are looked at every twelfth of the ttl.
      await pass(3_000);
      const id = `after leap ${number}`;
      const task = sfn.runTask(activityName, { id, ms: 1 });
      expect(await task).toMatchObject({ status: 'SUCCEEDED' });
    }
    const changes = trace.happenings.filter(
      ({ at, what }) => at >= begunAt && /^(acquired|lost|released)$/.test(what),
    );
    expect(changes).toEqual([]);
    expect(new Set(trace.handOuts.map(({ instance }) => instance))).toEqual(new Set([holder.name]));

    // A clock that is wrong keeps no instance from a poller that is to be had.
    holder.terminate();
    expect(await holder.ended).toEqual(peacefully);
    await momentOf(cluster, other, 'acquired');
    other.terminate();
    expect(await other.ended).toEqual(peacefully);
  },
);

it.for(engines)(
  "L4, L10, L11: two instances whose clocks are an hour apart share; neither takes the other's, and what a killed one held is taken within its bound, on $name",
  { timeout: 180_000, concurrent: true },
  async (engine) => {
    await using cluster = await createCluster(engine, { lockTtlMs, maxConcurrency: 2 });

    // First the one ahead is killed, then the one behind.
    let holder = await joinWithClock(cluster, hour);
    await holds(holder, 2);
    for (const wrongByMs of [0, hour]) {
      const other = await joinWithClock(cluster, wrongByMs);
      // Each must see the other as present, and none must see what is held as free.
      await staysEven(cluster, [holder, other]);

      const killedAt = nowMs();
      void holder.kill();
      const takenAt = await momentOf(cluster, other, 'acquired', killedAt);
      expect(takenAt - killedAt).toBeLessThan((lockTtlMs * 4) / 3 + slackMs);
      await holds(other, 2);
      holder = other;
    }
  },
);

/** An instance whose wall clock is wrong from before its start. */
async function joinWithClock(cluster: Cluster, wrongByMs: number): Promise<Instance> {
  const instance = await cluster.add();
  await instance.ready();
  instance.leapClock(wrongByMs);
  instance.start();
  await isRunning(instance);
  return instance;
}

/** Nothing moves once each has one poller. A time in which calls to the store failed shows nothing. */
async function staysEven({ trace }: Cluster, instances: readonly Instance[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await Promise.all(instances.map((instance) => holds(instance, 1)));
    const evenAt = nowMs();
    await pass(1.5 * lockTtlMs);
    const happened = trace.happenings.filter(({ at }) => at >= evenAt);
    if (attempt < 4 && happened.some(({ what }) => what === 'storeFailed')) continue;
    expect(happened.filter(({ what }) => /^(acquired|lost|released)$/.test(what))).toEqual([]);
    return;
  }
}
