import { describe, expect, it, vi } from 'vitest';
import { createStepFuncSource } from '../../../lib/index.js';
import type { InvokeResponse } from '../../../lib/index.js';
import { FakeSfn } from '../../../lib/testing/index.js';
import {
  answer,
  config,
  fine,
  never,
  settle,
  setUp,
  stopped,
} from '../../support/source-on-fake.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

describe('createStepFuncSource', () => {
  it.each([
    ['no invoke', [config], /expected invoke, a function .* as second argument, got nothing/],
    ['an invoke that is none', [config, 'http://app'], /expected invoke.*got "http:\/\/app"/],
    ['a client without send', [config, fine, { client: {} }], /options\.client to be an object/],
    ['locks without createLock', [config, fine, { locks: {} }], /options\.locks to be an object/],
    ['an option misspelt', [config, fine, { Client: {} }], /"Client"; did you mean client\?/],
    ['a bad config', [{ ...config, maxconcurrency: 2 }, fine], /did you mean maxConcurrency\?/],
    ['a lock key without locks', [{ ...config, lockTtlMs: 5_000 }, fine], /lockTtlMs: expected/],
  ])('refuses %s at once', (_, args, message) => {
    const create = createStepFuncSource as (...args: unknown[]) => unknown;
    expect(() => create(...args)).toThrow(message);
  });

  it('calls neither AWS nor the component before start', async () => {
    const invoke = vi.fn(fine);
    const { sfn, source } = setUp(invoke);
    void sfn.runTask('sum', {});
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sfn.calls()).toBe(0);
    expect(invoke).not.toHaveBeenCalled();
    expect(source.state).toBe('stopped');
    expect(source.status()).toEqual({
      state: 'stopped',
      activityArn: undefined,
      pollers: [],
      received: 0,
      succeeded: 0,
      failed: 0,
      lost: 0,
      pollsFailed: 0,
      heartbeatsFailed: 0,
    });
  });
});

describe('start', () => {
  it('creates the activity once, polls, and runs tasks', async () => {
    const { sfn, source } = setUp(async ({ body }) => answer(`[${body}]`));
    await source.start();
    expect(source.state).toBe('running');
    expect(await sfn.runTask('sum', '{"a": 1}')).toEqual({
      status: 'SUCCEEDED',
      output: '[{"a": 1}]',
    });
    expect(sfn.calls('CreateActivity')).toBe(1);
    await stopped(source);
  });

  it('C1, C3: opens one poll a poller', async () => {
    const { sfn, source } = setUp(fine, { maxConcurrency: 10, concurrencyPerPoller: 4 });
    await source.start();
    expect(sfn.openPolls()).toBe(3);
    expect(source.status().pollers).toEqual([
      { poller: 0, concurrency: 4, openPolls: 1, tasks: 0 },
      { poller: 1, concurrency: 4, openPolls: 1, tasks: 0 },
      { poller: 2, concurrency: 2, openPolls: 1, tasks: 0 },
    ]);
    await stopped(source);
  });

  it('is idempotent while starting and while running', async () => {
    const { sfn, source } = setUp();
    await Promise.all([source.start(), source.start()]);
    await source.start();
    expect(sfn.calls('CreateActivity')).toBe(1);
    expect(sfn.openPolls()).toBe(1);
    await stopped(source);
  });

  it("rejects with AWS's reason and what to do, and can be tried again", async () => {
    const { sfn, source } = setUp();
    sfn.fault({ kind: 'error', name: 'AccessDeniedException', operation: 'CreateActivity' });
    const error = await source.start().catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({
      name: 'ActivityError',
      cause: { name: 'AccessDeniedException' },
    });
    expect((error as Error).message).toMatch(
      /activity 'sum'.*AccessDeniedException.*states:CreateActivity/,
    );
    expect(source.state).toBe('stopped');
    expect(sfn.calls('GetActivityTask')).toBe(0);

    await source.start();
    expect(await sfn.runTask('sum', {})).toMatchObject({ status: 'SUCCEEDED' });
    await stopped(source);
  });

  it('is bounded if AWS never responds', async () => {
    const { sfn, source } = setUp();
    sfn.fault({ kind: 'hang' });
    const started = source.start().catch((thrown: unknown) => thrown);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await started).toMatchObject({ name: 'ActivityError', cause: { name: 'TimeoutError' } });
    expect(source.state).toBe('stopped');
  });

  it('asks for no ARN if it is given', async () => {
    const activityArn = new FakeSfn().activityArn('sum');
    const { sfn, source } = setUp(fine, { activityArn });
    void sfn.runTask('sum', {});
    await source.start();
    await settle();
    expect(sfn.calls('CreateActivity')).toBe(0);
    expect(source.status()).toMatchObject({ activityArn, succeeded: 1 });
    await stopped(source);
  });

  it('rejects while the source is stopping', async () => {
    const { source } = setUp();
    await source.start();
    const stop = stopped(source);
    await expect(source.start()).rejects.toThrow('stopping');
    await stop;
    await source.start();
    await stopped(source);
  });
});

describe('stop', () => {
  it('S1: sends no new poll, runs what open polls bring, and waits for the report', async () => {
    let finishTask: (response: InvokeResponse) => void = () => undefined;
    const { sfn, source } = setUp(() => new Promise((resolve) => (finishTask = resolve)), {
      maxConcurrency: 4,
      concurrencyPerPoller: 4,
    });
    await source.start();
    const stop = source.stop();
    expect(source.state).toBe('stopping');
    const outcome = sfn.runTask('sum', {});
    const next = sfn.runTask('sum', {});
    await vi.advanceTimersByTimeAsync(250_000);
    expect(source.status()).toMatchObject({
      state: 'stopping',
      received: 1,
      pollers: [{ tasks: 1 }],
    });
    finishTask(answer('"done"'));
    expect(await stop).toEqual({ succeeded: 1, failed: 0, abandonedPolls: 0, lost: 0 });
    expect(await outcome).toEqual({ status: 'SUCCEEDED', output: '"done"' });
    expect(sfn.calls('GetActivityTask')).toBe(1);
    expect(sfn.queued('sum')).toBe(1);
    expect(source.state).toBe('stopped');

    // What it left in the queue, the next start gets.
    await source.start();
    await settle();
    finishTask(answer());
    expect(await next).toMatchObject({ status: 'SUCCEEDED' });
    await stopped(source);
  });

  it('S2: at the grace, aborts polls and invokes, and fails the tasks under way', async () => {
    const reasons: unknown[] = [];
    const { sfn, source } = setUp(
      (_, signal) => {
        signal.addEventListener('abort', () => void reasons.push(signal.reason));
        return new Promise(() => undefined);
      },
      { maxConcurrency: 3, concurrencyPerPoller: 1 },
    );
    await source.start();
    const outcome = sfn.runTask('sum', {});
    await settle();
    const stop = source.stop({ graceMs: 20_000 });
    await vi.advanceTimersByTimeAsync(19_999);
    expect(reasons).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await stop).toEqual({ succeeded: 0, failed: 1, abandonedPolls: 2, lost: 0 });
    expect(reasons).toMatchObject([{ name: 'AbortError', code: 'stopped' }]);
    expect(await outcome).toEqual({
      status: 'FAILED',
      error: 'StepFuncSource.Stopped',
      cause: 'The source was stopped, and its 20000 ms of grace are over',
    });
    await vi.advanceTimersByTimeAsync(60_000);
  });

  it('S2: gives the last reports 5 s, and emits what is lost then', async () => {
    const { sfn, source } = setUp(never);
    const lost = vi.fn();
    source.on('taskLost', lost);
    await source.start();
    void sfn.runTask('sum', {});
    await settle();
    sfn.fault({ kind: 'serverError', times: Infinity });
    const stop = source.stop({ graceMs: 0 });
    await vi.advanceTimersByTimeAsync(4_999);
    expect(source.state).toBe('stopping');
    await vi.advanceTimersByTimeAsync(1);
    expect(await stop).toEqual({ succeeded: 0, failed: 0, abandonedPolls: 0, lost: 1 });
    expect(lost.mock.calls).toMatchObject([[{ poller: 0, reason: 'abandoned' }]]);
  });

  it('S2: a later stop only shortens the grace', async () => {
    const { source } = setUp();
    await source.start();
    const first = source.stop({ graceMs: 40_000 });
    const second = source.stop({ graceMs: 1_000 });
    void source.stop({ graceMs: 50_000 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await second).toEqual({ succeeded: 0, failed: 0, abandonedPolls: 1, lost: 0 });
    expect(await first).toEqual(await second);
    await vi.advanceTimersByTimeAsync(60_000);
  });

  it('is idempotent, and welcome on a source that never ran', async () => {
    const { source } = setUp();
    const nothing = { succeeded: 0, failed: 0, abandonedPolls: 0, lost: 0 };
    expect(await source.stop()).toEqual(nothing);
    await source.start();
    const first = source.stop();
    expect(source.stop()).toBe(first);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await first).toEqual(nothing);
    expect(await source.stop()).toEqual(nothing);
  });

  it('takes a start back that is under way', async () => {
    const { sfn, source } = setUp();
    sfn.fault({ kind: 'latency', ms: 30_000, operation: 'CreateActivity' });
    const started = source.start().catch((thrown: unknown) => thrown);
    expect(source.state).toBe('starting');
    const summary = await source.stop();
    expect(summary).toEqual({ succeeded: 0, failed: 0, abandonedPolls: 0, lost: 0 });
    expect(await started).toMatchObject({ name: 'AbortError' });
    expect(source.state).toBe('stopped');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sfn.calls('GetActivityTask')).toBe(0);
  });

  it('S3: a grace that is set at the very end of a stop leaves no timer', async () => {
    for (let ticks = 0; ticks < 250; ticks += 1) {
      const { sfn, source } = setUp();
      await source.start();
      const stop = source.stop();
      void sfn.runTask('sum', {});
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      void source.stop({ graceMs: 1_000_000 });
      await settle();
      await stop;
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it.each([[-1], ['10'], [Number.NaN], [null]])('refuses a grace of %j', (graceMs) => {
    const { source } = setUp();
    expect(() => source.stop({ graceMs: graceMs as never })).toThrow(
      /expected graceMs to be a number of milliseconds from 0/,
    );
  });

  it('S3: warns of no leaked listeners with 100 slots on one poller', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on('warning', note);
    const { sfn, source } = setUp(never, {
      maxConcurrency: 100,
      concurrencyPerPoller: 100,
      heartbeatIntervalMs: 1_000,
    });
    await source.start();
    const outcomes = Array.from({ length: 100 }, (_, i) => sfn.runTask('sum', i));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(source.status().pollers).toMatchObject([{ tasks: 100 }]);
    expect(await stopped(source, 0)).toMatchObject({ failed: 100 });
    expect(new Set((await Promise.all(outcomes)).map(({ status }) => status))).toEqual(
      new Set(['FAILED']),
    );
    vi.useRealTimers();
    // Node emits warnings on the next tick.
    await new Promise(setImmediate);
    vi.useFakeTimers();
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});

it('stops at the end of `await using`', async () => {
  const { source } = setUp();
  await source.start();
  const disposed = source[Symbol.asyncDispose]();
  await vi.advanceTimersByTimeAsync(60_000);
  await disposed;
  expect(source.state).toBe('stopped');
});
