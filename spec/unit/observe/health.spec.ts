import { describe, expect, it, vi } from 'vitest';
import { createStepFuncSource } from '../../../lib/index.js';
import { FakeSfn } from '../../../lib/testing/index.js';
import { createFakeStore } from '../../support/fake-locks.js';
import { config, fine, never, setUp, settle, stopped } from '../../support/source-on-fake.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

const well = { ok: true, problems: [] };

describe('health', () => {
  it('is ok while idle, at work, and through a single failure', async () => {
    const { sfn, source } = setUp();
    await source.start();
    expect(source.health()).toEqual(well);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(source.health()).toEqual(well);
    sfn.fault({ kind: 'serverError', operation: 'GetActivityTask' });
    await vi.advanceTimersByTimeAsync(61_000);
    expect(source.status().pollsFailed).toBe(1);
    expect(source.health()).toEqual(well);
    await stopped(source);
  });

  it('notRunning: says since when, and what to do', async () => {
    const { sfn, source } = setUp();
    const createdAt = Date.now();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(source.health()).toEqual({
      ok: false,
      problems: [
        {
          code: 'notRunning',
          probe: 'readiness',
          since: createdAt,
          message: 'The source is stopped. Call start(), or wait for it.',
        },
      ],
    });
    sfn.fault({ kind: 'latency', ms: 2_000, operation: 'CreateActivity' });
    const started = source.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(source.health().problems).toMatchObject([
      { code: 'notRunning', since: createdAt + 5_000 },
    ]);
    await vi.advanceTimersByTimeAsync(1_000);
    await started;
    expect(source.health()).toEqual(well);
    const stop = stopped(source);
    expect(source.health().problems[0]?.message).toMatch(/^The source is stopping/);
    await stop;
  });

  it('pollsFailing: after 60 s without a good poll, with the names of the errors', async () => {
    const { sfn, source } = setUp(fine, { maxConcurrency: 2 });
    await source.start();
    await vi.advanceTimersByTimeAsync(50_000);
    const remove = sfn.fault({ kind: 'throttling', operation: 'GetActivityTask', times: Infinity });
    // The polls under way end well at 60 s; the first failure is a moment later.
    await vi.advanceTimersByTimeAsync(10_000 + 59_000);
    expect(source.health()).toEqual(well);
    await vi.advanceTimersByTimeAsync(2_000);
    const { ok, problems } = source.health();
    expect(ok).toBe(false);
    expect(problems).toMatchObject([
      {
        code: 'pollsFailing',
        message: expect.stringMatching(
          /^Polls of 2 pollers fail with ThrottlingException\. Check/,
        ) as unknown,
      },
    ]);
    const failingFor = Date.now() - (problems[0]?.since ?? 0);
    expect(failingFor).toBeGreaterThanOrEqual(60_000);
    expect(failingFor).toBeLessThan(62_000);
    remove();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(source.health()).toEqual(well);
    await stopped(source);
  });

  it('H: an endpoint that accepts polls and never answers is never a matter of liveness, with 50 pollers', async () => {
    const { sfn, source } = setUp(fine, { maxConcurrency: 50 });
    const mend = sfn.fault({ kind: 'hang', operation: 'GetActivityTask', times: Infinity });
    await source.start();
    const seen = new Set<string>();
    const look = async (seconds: number) => {
      for (let s = 0; s < seconds; s++) {
        await vi.advanceTimersByTimeAsync(1_000);
        for (const { code, probe } of source.health().problems) seen.add(`${probe}: ${code}`);
      }
    };
    await look(129);
    expect([...seen]).toEqual([]);
    await look(1_200);
    expect([...seen]).toEqual(['readiness: pollsFailing']);
    mend();
    // Until then a poll that is held looks like one that is never answered.
    await look(70 + 60);
    expect(source.health()).toEqual(well);
    await stopped(source);
  });

  it.each([
    ['throttles', { kind: 'throttling' }],
    ['resets connections', { kind: 'reset' }],
    ['answers 500', { kind: 'serverError' }],
    ['answers HTML', { kind: 'html502' }],
    ['answers nothing at all', { kind: 'empty500' }],
  ] as const)(
    'H: an endpoint that %s is a matter of readiness alone, until a poll is open for 5 s',
    async (_, fault) => {
      const { sfn, source } = setUp(fine, { maxConcurrency: 50 });
      const mend = sfn.fault({ ...fault, operation: 'GetActivityTask', times: Infinity });
      await source.start();
      const seen = new Set<string>();
      for (let s = 0; s < 300; s++) {
        await vi.advanceTimersByTimeAsync(1_000);
        for (const { code, probe } of source.health().problems) seen.add(`${probe}: ${code}`);
      }
      expect([...seen]).toEqual(['readiness: pollsFailing']);
      mend();
      // The last back-off, and then 5 s: nothing waits for the end of a long poll.
      await vi.advanceTimersByTimeAsync(30_000 + 5_000);
      expect(source.health()).toEqual(well);
      await stopped(source);
    },
  );

  it('H: an activity that is deleted, with an endpoint that is slow to create it again, is never a matter of liveness', async () => {
    const { sfn, source } = setUp();
    await source.start();
    sfn.deleteActivity('sum');
    sfn.fault({ kind: 'latency', ms: 59_000, operation: 'CreateActivity', times: Infinity });
    const seen = new Set<string>();
    for (let s = 0; s < 400; s++) {
      await vi.advanceTimersByTimeAsync(1_000);
      for (const { code, probe } of source.health().problems) seen.add(`${probe}: ${code}`);
    }
    expect([...seen]).toEqual(['readiness: pollsFailing']);
    expect(source.health()).toEqual(well);
    await stopped(source);
  });

  it('P4: polls that a balancer ends after 59 s are emitted, and are no problem', async () => {
    const { sfn, source } = setUp(fine, { maxConcurrency: 3 }, { longPollMs: 59_000 });
    const failed = vi.fn();
    source.on('pollFailed', failed);
    sfn.fault({ kind: 'lostAnswer', operation: 'GetActivityTask', times: Infinity });
    await source.start();
    for (let s = 0; s < 600; s++) {
      await vi.advanceTimersByTimeAsync(1_000);
      expect(source.health()).toEqual(well);
    }
    expect(failed.mock.calls.length).toBe(30);
    for (const [event] of failed.mock.calls) {
      expect(event).toMatchObject({ error: 'ECONNRESET', retryInMs: 0 });
    }
    expect(source.status().pollsFailed).toBe(30);
    await stopped(source);
  });

  it('pollsOverdue: nothing comes back, not even a failure, though a slot is free', async () => {
    const { sfn, source } = setUp();
    await source.start();
    await settle();
    // A process that gets no CPU: its clock goes on, its timers do not fire.
    const now = vi.spyOn(performance, 'now');
    const frozenAt = performance.now();
    now.mockImplementation(() => frozenAt + 90_000);
    expect(source.health()).toEqual(well);
    now.mockImplementation(() => frozenAt + 95_000);
    expect(source.health().problems).toMatchObject([
      {
        code: 'pollsOverdue',
        message: expect.stringMatching(/^No poll of poller 0 has come back for 90 s/) as unknown,
      },
    ]);
    now.mockRestore();
    expect(sfn.openPolls()).toBe(1);
    await stopped(source);
  });

  it('pollsOverdue: not right after the process was frozen, however many probes look at it', async () => {
    const { source } = setUp();
    await source.start();
    await settle();
    const frozenAt = performance.now();
    const now = vi.spyOn(performance, 'now').mockImplementation(() => frozenAt + 120_000);
    expect(source.health()).toEqual(well);
    now.mockImplementation(() => frozenAt + 124_999);
    expect(source.health()).toEqual(well);
    now.mockRestore();
    // The limits act, and the next freeze is one of its own.
    await vi.advanceTimersByTimeAsync(75_000);
    await settle();
    const thawedAt = performance.now();
    const later = vi.spyOn(performance, 'now').mockImplementation(() => thawedAt + 120_000);
    expect(source.health()).toEqual(well);
    later.mockRestore();
    await stopped(source);
  });

  it('is ok if no poll is to come back, since all slots are at work', async () => {
    const { sfn, source } = setUp(never, { invokeTimeoutMs: 600_000 });
    await source.start();
    void sfn.runTask('sum', {});
    await vi.advanceTimersByTimeAsync(500_000);
    expect(source.status().pollers).toMatchObject([{ tasks: 1 }]);
    expect(source.health()).toEqual(well);
    await stopped(source, 0);
  });

  it('reportsStuck: a report that has not got through for 60 s, until it has', async () => {
    const { sfn, source } = setUp();
    await source.start();
    const remove = sfn.fault({
      kind: 'error',
      name: 'AccessDeniedException',
      operation: 'SendTaskSuccess',
      times: Infinity,
    });
    const outcome = sfn.runTask('sum', {});
    await vi.advanceTimersByTimeAsync(59_000);
    expect(source.health()).toEqual(well);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(source.health().problems).toMatchObject([
      {
        code: 'reportsStuck',
        message: expect.stringMatching(
          /^The reports of 1 tasks .*states:SendTaskSuccess/,
        ) as unknown,
      },
    ]);
    remove();
    await vi.advanceTimersByTimeAsync(16_000);
    expect(await outcome).toMatchObject({ status: 'SUCCEEDED' });
    expect(source.health()).toEqual(well);
    await stopped(source);
  });

  it('lockStoreUnreachable: no call has come through for as long as a lease is valid', async () => {
    const sfn = new FakeSfn({ longPollMs: 5_000 });
    const instance = createFakeStore().instance();
    const source = createStepFuncSource({ ...config, lockTtlMs: 30_000 }, fine, {
      client: sfn,
      locks: instance.locks,
    });
    await source.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(source.status().pollers).toHaveLength(1);
    instance.fault = (call) =>
      call.method === 'createLock'
        ? call.effect()
        : Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
    await vi.advanceTimersByTimeAsync(39_000);
    expect(source.status().pollers).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(source.health().problems).toMatchObject([
      {
        code: 'lockStoreUnreachable',
        message: expect.stringMatching(/fail with ECONNREFUSED/) as unknown,
      },
    ]);
    instance.fault = undefined;
    await vi.advanceTimersByTimeAsync(40_000);
    expect(source.health()).toEqual(well);
    await stopped(source);
  });

  it('is ok while a poller that was lost drains, and none is to poll', async () => {
    const sfn = new FakeSfn({ longPollMs: 5_000 });
    const store = createFakeStore();
    const source = createStepFuncSource(
      { ...config, maxConcurrency: 2, concurrencyPerPoller: 2, lockTtlMs: 30_000 },
      never,
      { client: sfn, locks: store.instance().locks },
    );
    await source.start();
    void sfn.runTask('sum', {});
    await vi.advanceTimersByTimeAsync(1_000);
    // Expired in the store, as for a machine that was asleep; another instance has it.
    store.passMs(60_000);
    const name = `stepfunc-source:${sfn.activityArn('sum')}:0`;
    await store.instance().locks.createLock(name, 10_000_000).acquireImmediately();
    await vi.advanceTimersByTimeAsync(200_000);
    expect(source.status().pollers).toMatchObject([
      { tasks: 1, openPolls: 0, lease: { lost: true } },
    ]);
    expect(source.health()).toEqual(well);
    const stop = source.stop({ graceMs: 0 });
    await vi.advanceTimersByTimeAsync(20_000);
    await stop;
  });

  it('is ok on a standby: an instance that holds no poller, since another does', async () => {
    const sfn = new FakeSfn({ longPollMs: 5_000 });
    const store = createFakeStore();
    const [first, second] = [store.instance(), store.instance()].map(({ locks }) =>
      createStepFuncSource(config, fine, { client: sfn, locks }),
    );
    await first?.start();
    await settle();
    await second?.start();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(first?.status().pollers).toHaveLength(1);
    expect(second?.status().pollers).toHaveLength(0);
    expect(second?.health()).toEqual(well);
    const stops = Promise.all([first?.stop(), second?.stop()]);
    await vi.advanceTimersByTimeAsync(60_000);
    await stops;
  });
});
