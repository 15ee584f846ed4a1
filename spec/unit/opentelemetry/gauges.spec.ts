import type { HealthCode } from '../../../lib/index.js';
import { describe, expect, it, vi } from 'vitest';
import { createStepFuncSource } from '../../../lib/index.js';
import type { StepFuncSource } from '../../../lib/index.js';
import { recordMetrics } from '../../../lib/opentelemetry.js';
import { FakeSfn } from '../../../lib/testing/index.js';
import { useCollectedMetrics } from '../../support/collected-metrics.js';
import { createFakeStore, only } from '../../support/fake-locks.js';
import { config, never, settle, setUp, stopped } from '../../support/source-on-fake.js';

const collected = useCollectedMetrics();

const record = (source: StepFuncSource) =>
  recordMetrics(source, { meterProvider: collected.meterProvider });

describe('gauges', () => {
  const gauges = async () => {
    const read = async (name: string) => (await collected.values(`stepfunc_source.${name}`))[''];
    return {
      pollers: await read('pollers.held'),
      slots: await read('slots'),
      polls: await read('polls.open'),
      tasks: await read('tasks.active'),
    };
  };

  it('say what the source does at the moment of the asking', async () => {
    const sizes = { maxConcurrency: 7, concurrencyPerPoller: 5 };
    const { sfn, source } = setUp(never, sizes);
    record(source);
    expect(await gauges()).toEqual({});
    await source.start();
    expect(await gauges()).toEqual({ pollers: 2, slots: 7, polls: 2, tasks: 0 });
    for (let i = 0; i < 6; i++) void sfn.runTask('sum', i);
    await settle();
    expect(await gauges()).toEqual({ pollers: 2, slots: 7, polls: 1, tasks: 6 });
    source.resize({ maxConcurrency: 12 });
    expect(await gauges()).toMatchObject({ pollers: 3, slots: 12, tasks: 6 });
    await stopped(source, 1_000);
    expect(await gauges()).toEqual({ pollers: 0, slots: 0, polls: 0, tasks: 0 });
  });

  it('show how old the oldest task is, and 0 if there is none', async () => {
    const { sfn, source } = setUp(never);
    record(source);
    await source.start();
    const age = async () => (await collected.values('stepfunc_source.task.oldest_age'))[''];
    expect(await age()).toBe(0);
    void sfn.runTask('sum', 1);
    await vi.advanceTimersByTimeAsync(42_000);
    expect(await age()).toBeCloseTo(42, 0);
    await stopped(source, 0);
    expect(await age()).toBe(0);
  });

  it('know the activity of a source that had been started before', async () => {
    const { source } = setUp(never, { maxConcurrency: 3 });
    await source.start();
    record(source);
    const slots = (await collected.collect()).filter(({ name }) => name.endsWith('.slots'));
    expect(slots).toMatchObject([
      { value: 3, attributes: { 'messaging.destination.name': 'sum' } },
    ]);
    await stopped(source);
  });

  it('show every problem of health() as present or not', async () => {
    const { sfn, source } = setUp();
    record(source);
    await source.start();
    const none: Record<HealthCode, number> = {
      notRunning: 0,
      pollsOverdue: 0,
      pollerStuck: 0,
      pollsFailing: 0,
      reportsStuck: 0,
      lockStoreUnreachable: 0,
      leasesUnstable: 0,
      tasksFailing: 0,
      taskOverdue: 0,
    };
    expect(await collected.values('stepfunc_source.health.problems')).toEqual(none);
    const remove = sfn.fault({ kind: 'throttling', operation: 'GetActivityTask', times: Infinity });
    await vi.advanceTimersByTimeAsync(60_000 + 62_000);
    expect(await collected.values('stepfunc_source.health.problems')).toEqual({
      ...none,
      pollsFailing: 1,
    });
    remove();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(await collected.values('stepfunc_source.health.problems')).toEqual(none);
    await stopped(source);
    expect(await collected.values('stepfunc_source.health.problems')).toEqual({
      ...none,
      notRunning: 1,
    });
  });

  it('with locks: pollers that are held, pollers lost by kind, and failures of the store', async () => {
    const instance = createFakeStore().instance();
    const source = createStepFuncSource({ ...config, maxConcurrency: 2 }, never, {
      client: new FakeSfn({ longPollMs: 60_000 }),
      locks: instance.locks,
    });
    record(source);
    await source.start();
    // Pollers are taken one after the other.
    await vi.advanceTimersByTimeAsync(50_000);
    expect(await collected.values('stepfunc_source.pollers.held')).toEqual({ '': 2 });
    instance.fault = only('extend', () =>
      Promise.reject(Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' })),
    );
    await vi.advanceTimersByTimeAsync(28_000);
    // The poll of each is still open: what it brings is run, but the pollers are no longer ours.
    expect(source.status().pollers).toHaveLength(2);
    expect(await collected.values('stepfunc_source.pollers.held')).toEqual({ '': 0 });
    expect(await collected.values('stepfunc_source.leases.lost')).toEqual({ LeaseExpired: 2 });
    const failures = await collected.values('stepfunc_source.lock_store.failures');
    expect(Object.keys(failures)).toEqual(['EHOSTUNREACH']);
    expect(failures['EHOSTUNREACH']).toBeGreaterThanOrEqual(2);
    instance.fault = undefined;
    await stopped(source);
  });
});
