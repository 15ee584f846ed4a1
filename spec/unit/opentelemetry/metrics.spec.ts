import type { Histogram } from '@opentelemetry/sdk-metrics';
import { describe, expect, it, vi } from 'vitest';
import type { Invoke, StepFuncSource } from '../../../lib/index.js';
import { ErrorName } from '../../../lib/index.js';
import { recordMetrics } from '../../../lib/opentelemetry.js';
import { useCollectedMetrics } from '../../support/collected-metrics.js';
import { answer, never, settle, setUp, stopped } from '../../support/source-on-fake.js';

const collected = useCollectedMetrics();

const record = (source: StepFuncSource, more: object = {}) =>
  recordMetrics(source, { meterProvider: collected.meterProvider, ...more });

/** Fails with the input as error name, unless that is 200. */
const asInputSays: Invoke = async ({ body }) =>
  body === '200'
    ? answer()
    : { status: 400, headers: { 'step-func-error': JSON.parse(body) as string }, body: '' };

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('tasks', () => {
  it('are counted as they come, and by outcome and error name as they end', async () => {
    const { sfn, source } = setUp(({ body }, signal) =>
      body === '"hang"' ? never({} as never, signal) : asInputSays({ body } as never, signal),
    );
    record(source);
    await source.start();
    expect(await collected.values('stepfunc_source.tasks.ended')).toEqual({
      succeeded: 0,
      'lost closed': 0,
      'lost unknown': 0,
      'lost abandoned': 0,
    });
    for (const input of ['200', '200', '"NoStock"', '"NoStock"', '"NoMoney"']) {
      await sfn.runTask('sum', input);
    }
    const hanging = sfn.runTask('sum', '"hang"', { timeoutSeconds: 1 });
    await vi.advanceTimersByTimeAsync(300_000);
    await hanging;
    await stopped(source);

    expect(await collected.values('stepfunc_source.tasks.ended')).toEqual({
      succeeded: 2,
      'failed NoStock': 2,
      'failed NoMoney': 1,
      'lost closed': 1,
      'lost unknown': 0,
      'lost abandoned': 0,
    });
    expect(await collected.values('messaging.client.consumed.messages')).toEqual({
      'GetActivityTask receive': 6,
    });
    expect(source.status()).toMatchObject({ received: 6, succeeded: 2, failed: 3, lost: 1 });
  });

  it('are timed in seconds: invoke, report, and the whole', async () => {
    const { sfn, source } = setUp(async ({ body }) => {
      await wait(1_500);
      return answer('null', body === '1' ? 200 : 503);
    });
    record(source);
    await source.start();
    sfn.fault({
      kind: 'latency',
      ms: 250,
      operation: ['SendTaskSuccess', 'SendTaskFailure'],
      times: 2,
    });
    for (const input of [1, 2]) {
      const ran = sfn.runTask('sum', input);
      await vi.advanceTimersByTimeAsync(2_000);
      await ran;
    }
    await stopped(source);

    const sums = async (name: string) =>
      Object.fromEntries(
        Object.entries(await collected.values(name)).map(([label, value]) => {
          const { sum, count } = value as Histogram;
          return [label, [sum?.toFixed(3), count]];
        }),
      );
    expect(await sums('messaging.process.duration')).toEqual({
      'process process': ['1.500', 1],
      'process process StepFuncSource.Http503': ['1.500', 1],
    });
    expect(await sums('messaging.client.operation.duration')).toEqual({
      'SendTaskSuccess settle': ['0.250', 1],
      'SendTaskFailure settle': ['0.250', 1],
    });
    expect(await sums('stepfunc_source.task.duration')).toEqual({
      succeeded: ['1.750', 1],
      failed: ['1.750', 1],
    });
  });

  it('carry the names, units and attributes of the conventions', async () => {
    const { sfn, source } = setUp();
    record(source, { attributes: { team: 'blue' } });
    await source.start();
    await sfn.runTask('sum', 1);
    await settle();
    await stopped(source);
    const series = await collected.collect();
    const processed = series.find(({ name }) => name === 'messaging.process.duration');
    expect(processed).toMatchObject({
      unit: 's',
      attributes: {
        team: 'blue',
        'messaging.system': 'aws_step_functions',
        'messaging.destination.name': 'sum',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
      },
    });
    const { boundaries } = (processed?.value as Histogram).buckets;
    expect(boundaries.slice(0, 14)).toEqual([
      0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ]);
    // The default timeout of an invoke must not look like the half of it.
    expect(boundaries).toEqual(expect.arrayContaining([120, 300, 600]));
    for (const { name, attributes } of series) {
      expect(attributes, name).toMatchObject({ 'messaging.destination.name': 'sum', team: 'blue' });
    }
  });

  it('that are lost are recorded without a report, whichever kind of loss it is', async () => {
    const { sfn, source } = setUp(never);
    record(source);
    await source.start();
    sfn.fault({ kind: 'serverError', operation: 'SendTaskFailure', times: Infinity });
    void sfn.runTask('sum', 1);
    await settle();
    await stopped(source, 1_000);
    const ended = await collected.values('stepfunc_source.tasks.ended');
    expect(ended).toMatchObject({ 'lost abandoned': 1, 'lost closed': 0, 'lost unknown': 0 });
    expect(await collected.values('messaging.client.operation.duration')).toEqual({});
    const durations = await collected.values('messaging.process.duration');
    expect(Object.keys(durations)).toEqual(['process process abandoned']);
  });
});

describe('error names', () => {
  it('of components are bounded: the first so many are kept, any other is _OTHER', async () => {
    const { sfn, source } = setUp(asInputSays);
    record(source, { maxErrorNames: 3 });
    await source.start();
    for (let i = 0; i < 40; i++) await sfn.runTask('sum', JSON.stringify(`Error${i}`));
    await sfn.runTask('sum', '"Error1"');
    await settle();
    await stopped(source);
    const failed = Object.entries(await collected.values('stepfunc_source.tasks.ended')).filter(
      ([label]) => label.startsWith('failed'),
    );
    expect(failed).toEqual([
      ['failed Error0', 1],
      ['failed Error1', 2],
      ['failed Error2', 1],
      ['failed _OTHER', 37],
    ]);
    expect(Object.keys(await collected.values('messaging.process.duration'))).toHaveLength(4);
  });

  it('of components crowd out neither the own ones nor those of AWS', async () => {
    const { sfn, source } = setUp(({ body }, signal) =>
      body === '"hang"' ? never({} as never, signal) : asInputSays({ body } as never, signal),
    );
    record(source, { maxErrorNames: 1 });
    await source.start();
    await sfn.runTask('sum', '"First"');
    await sfn.runTask('sum', '"Second"');
    void sfn.runTask('sum', '"hang"');
    await vi.advanceTimersByTimeAsync(300_000);
    sfn.fault({ kind: 'throttling', operation: 'GetActivityTask' });
    await vi.advanceTimersByTimeAsync(120_000);
    await stopped(source);
    expect(await collected.values('stepfunc_source.tasks.ended')).toMatchObject({
      'failed First': 1,
      'failed _OTHER': 1,
      [`failed ${ErrorName.Timeout}`]: 1,
    });
    expect(await collected.values('stepfunc_source.poll.failures')).toEqual({
      ThrottlingException: 1,
    });
  });
});

it('failures of polls, reports and heartbeats are counted by error name', async () => {
  const { sfn, source } = setUp(
    async () => {
      await wait(2_500);
      return answer();
    },
    { heartbeatIntervalMs: 1_000 },
  );
  record(source);
  await source.start();
  sfn.fault({ kind: 'throttling', operation: 'SendTaskHeartbeat' });
  sfn.fault({ kind: 'serverError', operation: 'SendTaskSuccess', times: 2 });
  const ran = sfn.runTask('sum', 1);
  await vi.advanceTimersByTimeAsync(30_000);
  await ran;
  sfn.fault({ kind: 'html502', operation: 'GetActivityTask' });
  await vi.advanceTimersByTimeAsync(61_000);
  await stopped(source);
  expect(await collected.values('stepfunc_source.heartbeat.failures')).toEqual({
    ThrottlingException: 1,
  });
  expect(await collected.values('stepfunc_source.report.failures')).toEqual({ InternalFailure: 2 });
  expect(await collected.values('stepfunc_source.poll.failures')).toEqual({ SyntaxError: 1 });
});
