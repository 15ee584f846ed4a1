import { metrics } from '@opentelemetry/api';
import { describe, expect, it, vi } from 'vitest';
import type { EventName, StepFuncSource } from '../../../lib/index.js';
import { createStepFuncSource } from '../../../lib/index.js';
import { recordMetrics } from '../../../lib/opentelemetry.js';
import { FakeSfn } from '../../../lib/testing/index.js';
import { useCollectedMetrics } from '../../support/collected-metrics.js';
import { answer, config, fine, settle, setUp, stopped } from '../../support/source-on-fake.js';

const collected = useCollectedMetrics();

const record = (source: StepFuncSource) =>
  recordMetrics(source, { meterProvider: collected.meterProvider });

describe('recordMetrics', () => {
  it('takes everything back: no listener is left, and gauges are no longer read', async () => {
    const { sfn, source } = setUp();
    const listeners = new Set<unknown>();
    const counted: StepFuncSource = {
      ...source,
      on(name: EventName, listener: unknown) {
        listeners.add(listener);
        source.on(name, listener as never);
        return counted;
      },
      off(name: EventName, listener: unknown) {
        listeners.delete(listener);
        source.off(name, listener as never);
        return counted;
      },
    };
    const status = vi.spyOn(counted, 'status');
    const stopRecording = record(counted);
    expect(listeners.size).toBeGreaterThan(5);
    await source.start();
    await sfn.runTask('sum', 1);
    await settle();
    expect(await collected.values('stepfunc_source.slots')).toEqual({ '': 1 });

    stopRecording();
    expect(listeners.size).toBe(0);
    status.mockClear();
    await sfn.runTask('sum', 2);
    await settle();
    source.resize({ concurrencyPerPoller: 5, maxConcurrency: 5 });
    // What the SDK has once seen it goes on to export.
    expect(await collected.values('stepfunc_source.slots')).toEqual({ '': 1 });
    expect(await collected.values('stepfunc_source.tasks.ended')).toMatchObject({ succeeded: 1 });
    expect(status).not.toHaveBeenCalled();
    expect(source.status().succeeded).toBe(2);
    stopRecording();
    await stopped(source);
  });

  it('keeps sources apart that share a meter', async () => {
    const sfn = new FakeSfn({ longPollMs: 60_000 });
    const [one, two] = ['one', 'two'].map((activityName) =>
      createStepFuncSource({ ...config, activityName, maxConcurrency: 2 }, fine, { client: sfn }),
    ) as [StepFuncSource, StepFuncSource];
    record(one);
    record(two);
    await Promise.all([one.start(), two.start()]);
    await sfn.runTask('one', 1);
    await settle();
    const seen = (await collected.collect())
      .filter(({ name }) => /slots|consumed/.test(name))
      .map(({ name, attributes, value }) => [
        name,
        attributes['messaging.destination.name'],
        value,
      ]);
    expect(seen).toEqual([
      ['messaging.client.consumed.messages', 'one', 1],
      ['stepfunc_source.slots', 'one', 2],
      ['stepfunc_source.slots', 'two', 2],
    ]);
    await Promise.all([stopped(one), stopped(two)]);
  });

  it('takes the global provider by default', async () => {
    metrics.setGlobalMeterProvider(collected.meterProvider);
    try {
      const { source } = setUp();
      recordMetrics(source);
      await source.start();
      expect(await collected.values('stepfunc_source.slots')).toEqual({ '': 1 });
      await stopped(source);
    } finally {
      metrics.disable();
    }
  });

  it('does no harm if no SDK is set up', async () => {
    const { sfn, source } = setUp();
    const stopRecording = recordMetrics(source);
    await source.start();
    expect(await sfn.runTask('sum', 1)).toMatchObject({ status: 'SUCCEEDED' });
    await stopped(source);
    stopRecording();
  });

  it('T10: exports no input, output or cause', async () => {
    const { sfn, source } = setUp(async ({ body }) =>
      body.includes('bad')
        ? { status: 400, headers: { 'step-func-cause': 'SECRET cause' }, body: 'SECRET body' }
        : answer('"SECRET output"'),
    );
    record(source);
    await source.start();
    for (const input of ['SECRET good', 'SECRET bad']) await sfn.runTask('sum', { input });
    await settle();
    await stopped(source);
    const exported = await collected.collect();
    expect(exported.length).toBeGreaterThan(10);
    expect(JSON.stringify(exported)).not.toContain('SECRET');
  });

  it.each([
    [
      'no source',
      undefined,
      {},
      /^recordMetrics: expected source to be what .* returned, got nothing$/,
    ],
    ['something else', { on: 1 }, {}, /^recordMetrics: expected source to be .*, got an object$/],
    [
      'a negative number of names',
      setUp().source,
      { maxErrorNames: -1 },
      /maxErrorNames to be a whole number >= 0, got -1/,
    ],
    [
      'a number in a string',
      setUp().source,
      { maxErrorNames: '5' },
      /maxErrorNames to be .*, got "5" \(string of 1\)/,
    ],
  ])('refuses %s', (_, source, options, message) => {
    expect(() => recordMetrics(source as never, options as never)).toThrow(TypeError);
    expect(() => recordMetrics(source as never, options as never)).toThrow(message);
  });
});
