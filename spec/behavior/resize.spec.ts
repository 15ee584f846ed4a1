import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Invoke } from '../../lib/index.js';
import { createStepFuncSource } from '../../lib/index.js';
import { FakeSfn } from '../../lib/testing/index.js';
import { createFakeStore } from '../support/fake-locks.js';
import { answer, config, fine, never, setUp, settle, stopped } from '../support/source-on-fake.js';
import { useFakeTimers } from '../support/fake-timers.js';

useFakeTimers();

/** An invoke whose tasks end when the test says so. */
function held() {
  const ends: (() => void)[] = [];
  const invoke: Invoke = () =>
    new Promise((resolve) => {
      ends.push(() => resolve(answer()));
    });
  return {
    invoke,
    atWork: () => ends.length,
    async end(count: number) {
      for (const end of ends.splice(0, count)) end();
      await vi.advanceTimersByTimeAsync(10);
    },
  };
}

function load(sfn: FakeSfn, tasks: number): void {
  for (let i = 0; i < tasks; i += 1) void sfn.runTask('sum', i);
}

describe('resize', () => {
  it('grows at once', async () => {
    const work = held();
    const { sfn, source } = setUp(work.invoke, { maxConcurrency: 2, concurrencyPerPoller: 2 });
    await source.start();
    load(sfn, 20);
    await settle();
    expect(work.atWork()).toBe(2);
    source.resize({ maxConcurrency: 7, concurrencyPerPoller: 3 });
    await settle();
    expect(work.atWork()).toBe(7);
    expect(source.status().pollers).toEqual([
      { poller: 0, concurrency: 3, openPolls: 0, tasks: 3 },
      { poller: 1, concurrency: 3, openPolls: 0, tasks: 3 },
      { poller: 2, concurrency: 1, openPolls: 0, tasks: 1 },
    ]);
    await stopped(source, 0);
  });

  it('shrinks by letting surplus tasks finish', async () => {
    const work = held();
    const { sfn, source } = setUp(work.invoke, { maxConcurrency: 10, concurrencyPerPoller: 5 });
    await source.start();
    load(sfn, 30);
    await settle();
    source.resize({ maxConcurrency: 3 });
    await settle();
    expect(work.atWork()).toBe(10);
    await work.end(6);
    expect(work.atWork()).toBeGreaterThanOrEqual(3);
    await work.end(10);
    expect(work.atWork()).toBe(3);
    expect(source.status().pollers).toEqual([
      { poller: 0, concurrency: 3, openPolls: 0, tasks: 3 },
    ]);
    expect(sfn.running()).toBe(3);
    await stopped(source, 0);
  });

  it('C2: if one poller shrinks and another grows, the first makes room before', async () => {
    const work = held();
    const { sfn, source } = setUp(work.invoke, { maxConcurrency: 10, concurrencyPerPoller: 10 });
    await source.start();
    load(sfn, 40);
    await settle();
    source.resize({ concurrencyPerPoller: 5 });
    await settle();
    expect(work.atWork()).toBe(10);
    for (let ended = 0; ended < 10; ended += 1) {
      await work.end(1);
      expect(work.atWork()).toBe(10);
    }
    expect(source.status().pollers).toMatchObject([
      { poller: 0, concurrency: 5, tasks: 5 },
      { poller: 1, concurrency: 5, tasks: 5 },
    ]);
    await stopped(source, 0);
  });

  it('lets open polls that are too many come back, and runs what they bring', async () => {
    const { sfn, source } = setUp(fine, { maxConcurrency: 3 });
    await source.start();
    source.resize({ maxConcurrency: 1 });
    await settle();
    expect(sfn.openPolls()).toBe(3);
    await vi.advanceTimersByTimeAsync(59_000);
    const outcomes = [1, 2, 3].map((n) => sfn.runTask('sum', n));
    expect(await Promise.all(outcomes)).toMatchObject(
      [1, 2, 3].map(() => ({ status: 'SUCCEEDED' })),
    );
    await settle();
    expect(source.status().pollers).toEqual([
      { poller: 0, concurrency: 1, openPolls: 1, tasks: 0 },
    ]);
    expect(sfn.openPolls()).toBe(1);
    await stopped(source);
  });

  it('is taken back before it is through', async () => {
    const work = held();
    const { sfn, source } = setUp(work.invoke, { maxConcurrency: 4 });
    await source.start();
    load(sfn, 20);
    await settle();
    source.resize({ maxConcurrency: 1 });
    await settle();
    source.resize({ maxConcurrency: 4 });
    await settle();
    expect(work.atWork()).toBe(4);
    await work.end(4);
    expect(work.atWork()).toBe(4);
    expect(source.status().pollers.map(({ poller }) => poller)).toEqual([0, 1, 2, 3]);
    await stopped(source, 0);
  });

  it('holds from the next start if the source is not running, and from a start under way', async () => {
    const { sfn, source } = setUp();
    source.resize({ maxConcurrency: 2 });
    const started = source.start();
    source.resize({ maxConcurrency: 3 });
    await started;
    expect(sfn.openPolls()).toBe(3);
    await stopped(source);
    await source.start();
    expect(sfn.openPolls()).toBe(3);
    await stopped(source);
  });

  it('changes nothing of a stop under way', async () => {
    const { sfn, source } = setUp();
    await source.start();
    const stop = source.stop();
    source.resize({ maxConcurrency: 5 });
    await vi.advanceTimersByTimeAsync(60_000);
    await stop;
    expect(sfn.calls('GetActivityTask')).toBe(1);
  });

  it.each([
    [{ maxConcurrency: 0 }, /resize: bad config\n- maxConcurrency: expected a whole number from 1/],
    [{ concurrencyPerPoller: '5' }, /concurrencyPerPoller: expected a whole number from 1/],
    [{ maxconcurrency: 5 }, /did you mean maxConcurrency\?/],
    [undefined, /expected an object with maxConcurrency or concurrencyPerPoller, got nothing/],
  ])('refuses %j, and nothing changes', async (sizes, message) => {
    const { source } = setUp(fine, { maxConcurrency: 2 });
    await source.start();
    expect(() => source.resize(sizes as never)).toThrow(message);
    expect(source.status().pollers).toHaveLength(2);
    await stopped(source);
  });

  it('C2: never passes the larger of the two limits, under random sizes and tasks', async () => {
    const size = fc.record({
      maxConcurrency: fc.integer({ min: 1, max: 15 }),
      concurrencyPerPoller: fc.integer({ min: 1, max: 15 }),
    });
    await fc.assert(
      fc.asyncProperty(
        size,
        fc.array(fc.tuple(size, fc.integer({ min: 0, max: 4_000 })), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 15 }),
        async (first, changes, takes) => {
          const sfn = new FakeSfn({ longPollMs: 2_500 });
          let atWork = 0;
          let limit = first.maxConcurrency;
          let settledBelow: number | undefined;
          const broken: unknown[] = [];
          const check = () => {
            const inUse = source
              .status()
              .pollers.reduce((sum, { openPolls, tasks }) => sum + openPolls + tasks, 0);
            if (settledBelow !== undefined && inUse <= settledBelow) limit = settledBelow;
            if (inUse > limit) broken.push({ inUse, limit });
          };
          let turn = 0;
          const source = createStepFuncSource(
            { ...config, ...first },
            async () => {
              atWork += 1;
              turn += 1;
              check();
              await new Promise((resolve) => setTimeout(resolve, takes[turn % takes.length] ?? 0));
              atWork -= 1;
              return answer();
            },
            {
              client: {
                async send(command, options) {
                  check();
                  const answered = await sfn.send(command, options);
                  check();
                  return answered;
                },
              },
            },
          );
          await source.start();
          load(sfn, 100);
          for (const [sizes, waitMs] of changes) {
            await vi.advanceTimersByTimeAsync(waitMs);
            limit = Math.max(limit, sizes.maxConcurrency);
            settledBelow = sizes.maxConcurrency;
            source.resize(sizes);
            check();
          }
          // Long enough for every task that was surplus.
          await vi.advanceTimersByTimeAsync(10_000);
          const sizes = changes.at(-1)?.[0] ?? first;
          const pollers = source.status().pollers;
          expect(pollers.reduce((sum, { concurrency }) => sum + concurrency, 0)).toBe(
            sizes.maxConcurrency,
          );
          expect(pollers).toHaveLength(
            Math.ceil(sizes.maxConcurrency / sizes.concurrencyPerPoller),
          );
          expect(broken).toEqual([]);
          const stop = source.stop({ graceMs: 10_000 });
          await vi.advanceTimersByTimeAsync(20_000);
          await stop;
          expect(atWork).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('resize with locks', () => {
  function shared(invoke: Invoke, more: object) {
    const sfn = new FakeSfn({ longPollMs: 5_000 });
    const store = createFakeStore();
    const sources = [store.instance(), store.instance()].map(({ locks }) =>
      createStepFuncSource({ ...config, ...more, lockTtlMs: 3_000 }, invoke, {
        client: sfn,
        locks,
      }),
    );
    const [one, other] = sources;
    if (one === undefined || other === undefined) throw new Error('two are made');
    return {
      sfn,
      store,
      one,
      other,
      async stopBoth() {
        const stops = sources.map((source) => source.stop({ graceMs: 0 }));
        await vi.advanceTimersByTimeAsync(20_000);
        await Promise.all(stops);
      },
    };
  }
  const rolesOf = (source: { status(): { pollers: { poller: number }[] } }) =>
    source.status().pollers.map(({ poller }) => poller);

  it('C4: grows by competing for the new pollers at once', async () => {
    const { one, other, stopBoth } = shared(fine, { maxConcurrency: 2 });
    await one.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(rolesOf(one)).toEqual([0, 1]);
    one.resize({ maxConcurrency: 4 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(rolesOf(one)).toEqual([0, 1, 2, 3]);
    expect(rolesOf(other)).toEqual([]);
    await stopBoth();
  });

  it('C4: shrinks by giving pollers back once their tasks are done', async () => {
    const work = held();
    const { sfn, store, one, stopBoth } = shared(work.invoke, { maxConcurrency: 3 });
    await one.start();
    load(sfn, 10);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(work.atWork()).toBe(3);
    one.resize({ maxConcurrency: 1 });
    await vi.advanceTimersByTimeAsync(10_000);
    const name = (poller: number) => `stepfunc-source:${sfn.activityArn('sum')}:${poller}`;
    expect([0, 1, 2].map((poller) => store.isHeld(name(poller)))).toEqual([true, true, true]);
    await work.end(3);
    await vi.advanceTimersByTimeAsync(100);
    expect([0, 1, 2].map((poller) => store.isHeld(name(poller)))).toEqual([true, false, false]);
    expect(rolesOf(one)).toEqual([0]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(work.atWork()).toBe(1);
    await stopBoth();
  });

  it('changes the size of the last poller in place', async () => {
    const work = held();
    const { sfn, one, stopBoth } = shared(work.invoke, {
      maxConcurrency: 5,
      concurrencyPerPoller: 4,
    });
    await one.start();
    load(sfn, 20);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(work.atWork()).toBe(5);
    one.resize({ maxConcurrency: 7 });
    await vi.advanceTimersByTimeAsync(100);
    expect(work.atWork()).toBe(7);
    await stopBoth();
  });

  it('refuses other sizes of pollers while running, since others may hold them', async () => {
    const { one, stopBoth } = shared(never, { maxConcurrency: 4, concurrencyPerPoller: 2 });
    one.resize({ concurrencyPerPoller: 4 });
    await one.start();
    expect(() => one.resize({ maxConcurrency: 8, concurrencyPerPoller: 2 })).toThrow(
      /concurrencyPerPoller: expected 4, the size of the pollers that other instances share, until a restart, got 2/,
    );
    one.resize({ maxConcurrency: 8, concurrencyPerPoller: 4 });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(rolesOf(one)).toEqual([0, 1]);
    await stopBoth();
  });
});
