import { setTimeout as pass } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { engines } from '../integration/locks/engines.js';
import { activityName, createCluster } from './cluster.js';
import { nowMs } from './clock.js';
import type { Instance } from './instances.js';
import { holds, momentOf, standBy } from './up.js';

/** A sixth of it must do for an answer of the store, on a busy machine too. */
const lockTtlMs = 4_000;
const hour = 3_600_000;
const peacefully = { code: 0, signal: null, stderr: '' };

it.for(engines)(
  'L2: the wall clock of one process leaps by an hour, forward and back: nothing changes, on $name',
  { timeout: 120_000, concurrent: true },
  async (engine) => {
    await using cluster = await createCluster(engine, { lockTtlMs, maxConcurrency: 1 });
    const { sfn, trace } = cluster;
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
      await pass(lockTtlMs / 2);
      const id = `after leap ${number}`;
      const task = sfn.runTask(activityName, { id, ms: 1 });
      expect(await task).toMatchObject({ status: 'SUCCEEDED' });
    }
    const changes = trace.happenings.filter(({ at, what }) => at >= begunAt && what !== 'invoked');
    expect(changes).toEqual([]);
    expect(new Set(trace.handOuts.map(({ instance }) => instance))).toEqual(new Set([holder.name]));

    // A clock that is wrong keeps nobody from a poller that is to be had.
    holder.terminate();
    expect(await holder.ended).toEqual(peacefully);
    await momentOf(cluster, other, 'acquired');
    other.terminate();
    expect(await other.ended).toEqual(peacefully);
  },
);
