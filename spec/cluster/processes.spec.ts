import { expect, it } from 'vitest';
import { redis } from '../integration/locks/engines.js';
import { until } from '../support/integration/until.js';
import { createCluster, startTogether } from './cluster.js';
import { nowMs } from './clock.js';
import { holds, isRunning, momentOf, standBy } from './up.js';

/** A busy machine may stall for as long as a shorter lease lives. */
const lockTtlMs = 3_000;
const peacefully = { code: 0, signal: null, stderr: '' };

const sizes = { maxConcurrency: 12, concurrencyPerPoller: 2 };

it.concurrent(
  'L3, L4: processes that start together share the pollers, and stop one after the other',
  async () => {
    // So long a ttl that instances which are a few milliseconds apart do start together.
    await using cluster = await createCluster(redis, { ...sizes, lockTtlMs: 6_000 });
    const [first, second, third] = [await cluster.add(), await cluster.add(), await cluster.add()];
    const all = [first, second, third];
    await startTogether(all);
    const held = () => all.flatMap((instance) => instance.pollers()).sort();
    await until(() => expect(held()).toEqual([0, 1, 2, 3, 4, 5]));
    for (const instance of all) expect(instance.pollers().length).toBeGreaterThanOrEqual(1);

    first.terminate();
    expect(await first.ended).toEqual(peacefully);
    await until(() => expect(second.pollers().length + third.pollers().length).toBe(6));
    second.terminate();
    expect(await second.ended).toEqual(peacefully);
    await holds(third, 6);
    third.terminate();
    expect(await third.ended).toEqual(peacefully);
  },
);

it.concurrent.each(['drain', 'abort'] as const)(
  "L5: suspended beyond its lease, a process polls no more once it wakes, and its tasks '%s'",
  { timeout: 120_000 },
  async (onLeaseLost) => {
    await using cluster = await createCluster(redis, {
      lockTtlMs,
      onLeaseLost,
      maxConcurrency: 2,
      concurrencyPerPoller: 2,
    });
    const { sfn, activityName, trace } = cluster;
    const first = await standBy(cluster);
    await holds(first, 1);
    const second = await standBy(cluster);
    const input = { id: 'long', ms: 2 * lockTtlMs };
    const task = sfn.runTask(activityName, input);
    // A poll is open beside the task.
    await momentOf(cluster, first, 'invoked');
    await until(() => expect(sfn.openPolls()).toBe(1));
    first.suspend();
    await holds(second, 1);
    const wokenAt = nowMs();
    await first.resume();
    const outcome = await task;
    expect(outcome).toMatchObject(
      onLeaseLost === 'drain'
        ? { status: 'SUCCEEDED', output: JSON.stringify(input) }
        : { status: 'FAILED', error: 'StepFuncSource.LeaseLost' },
    );
    await momentOf(cluster, first, 'released', wokenAt);
    expect(trace.polls.filter((p) => p.instance === first.name && p.at > wokenAt)).toEqual([]);
    // What is taken up anew is taken up by the other.
    expect(await sfn.runTask(activityName, { id: 'next', ms: 1 })).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect(trace.handOuts.at(-1)?.instance).toBe(second.name);
    expect(second.pollers()).toEqual([0]);
    for (const instance of [first, second]) {
      instance.terminate();
      expect(await instance.ended).toEqual(peacefully);
    }
  },
);

it.concurrent.each(['refuse', 'hang'] as const)(
  'L6, L8, L9: a store that is away at start (%s) and at the stop keeps a process neither from beginning nor from ending',
  { timeout: 120_000 },
  async (how) => {
    await using cluster = await createCluster(redis, { lockTtlMs });
    const { sfn, activityName, trace } = cluster;
    const task = sfn.runTask(activityName, { id: 'waits', ms: 1 });
    const instance = await cluster.add();
    await instance.network[how]();
    await instance.ready();
    instance.start();
    await isRunning(instance);
    await until(() =>
      expect(trace.happenings.filter(({ what }) => what === 'storeFailed').length).toBeGreaterThan(
        3,
      ),
    );
    expect(trace.polls).toEqual([]);
    await instance.network.restore();
    expect(await task).toMatchObject({ status: 'SUCCEEDED' });

    await instance.network[how]();
    instance.terminate();
    expect(await instance.ended).toEqual(peacefully);
  },
);
