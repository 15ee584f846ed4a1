import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createShutdown } from '../../../lib/async/shutdown.js';
import { InvokeAbortError } from '../../../lib/task/invoke.js';
import { createPoller } from '../../../lib/polling/poller.js';
import type { ActivityTask } from '../../../lib/sfn/api.js';

const task: ActivityTask = { token: 't', input: '{}' };
const stopped = new InvokeAbortError('stopped', 'stopped');

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** A poller whose polls and tasks end when the test says so. */
function setUp(concurrency: number) {
  const ending = createShutdown();
  const polls: ((answer: ActivityTask | undefined | Error) => void)[] = [];
  const works: { end(): void; signal: AbortSignal; interruption: AbortController }[] = [];
  const failures: { error: unknown; retryInMs: number }[] = [];
  let abandoned = 0;
  let sent = 0;
  const poller = createPoller({
    concurrency,
    poll: ({ signal }) =>
      new Promise((resolve, reject) => {
        sent += 1;
        polls.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
    work: (signal, interruption) => new Promise((end) => works.push({ end, signal, interruption })),
    onPollFailed: (error, retryInMs) => failures.push({ error, retryInMs }),
    onPollAbandoned: () => (abandoned += 1),
  });
  const ended = poller.run(ending);
  const settle = () => vi.advanceTimersByTimeAsync(0);
  /** Answers the polls that are open now. */
  const answerAll = async (answer: ActivityTask | undefined | Error) => {
    for (const poll of polls.splice(0)) poll(answer);
    await settle();
  };
  return {
    ending,
    poller,
    ended,
    polls,
    works,
    failures,
    settle,
    answerAll,
    sent: () => sent,
    abandoned: () => abandoned,
    async endWork() {
      for (const work of works.splice(0)) work.end();
      await settle();
    },
    async shutDown() {
      ending.startDrain();
      await answerAll(undefined);
      for (const work of works.splice(0)) work.end();
      await ended;
    },
  };
}

describe('createPoller', () => {
  it('C3: holds one poll when idle, whatever its slots', async () => {
    const { poller, shutDown, answerAll } = setUp(10);
    expect(poller.snapshot()).toEqual({ concurrency: 10, openPolls: 1, tasks: 0 });
    await vi.advanceTimersByTimeAsync(60_000);
    await answerAll(undefined);
    expect(poller.snapshot()).toMatchObject({ openPolls: 1 });
    await shutDown();
  });

  it('C3: under a backlog doubles its polls with every round trip, until all slots are taken', async () => {
    const { poller, shutDown, answerAll } = setUp(100);
    const tasks: number[] = [];
    for (let roundTrip = 1; roundTrip <= 7; roundTrip++) {
      await answerAll(task);
      tasks.push(poller.snapshot().tasks);
    }
    expect(tasks).toEqual([1, 3, 7, 15, 31, 63, 100]);
    expect(poller.snapshot().openPolls).toBe(0);
    await shutDown();
  });

  it('C3: narrows by one poll for each that comes back empty, down to one', async () => {
    const { poller, shutDown, answerAll, endWork, polls, settle } = setUp(8);
    for (let i = 0; i < 3; i++) await answerAll(task);
    await endWork();
    expect(poller.snapshot()).toMatchObject({ openPolls: 8, tasks: 0 });
    await vi.advanceTimersByTimeAsync(60_000);
    for (let open = 8; open > 1; open--) {
      polls.shift()?.(undefined);
      await settle();
      expect(poller.snapshot().openPolls).toBe(open - 1);
    }
    await shutDown();
  });

  it('C2: polls again only once a slot is free', async () => {
    const { poller, shutDown, answerAll, works, settle } = setUp(1);
    await answerAll(task);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(poller.snapshot()).toMatchObject({ openPolls: 0, tasks: 1 });
    works.shift()?.end();
    await settle();
    expect(poller.snapshot()).toMatchObject({ openPolls: 1, tasks: 0 });
    await shutDown();
  });

  it('C2: open polls and tasks never exceed the slots, under any order of events and faults', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('task' as const), pick: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('empty' as const), pick: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), pick: fc.nat() }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), pick: fc.nat() }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('wait' as const), pick: fc.nat(40_000) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.array(step, { maxLength: 60 }),
        async (slots, steps) => {
          const { poller, shutDown, polls, works, settle } = setUp(slots);
          for (const { kind, pick } of steps) {
            if (kind === 'wait') await vi.advanceTimersByTimeAsync(pick);
            else if (kind === 'end') works.splice(pick % (works.length || 1), 1)[0]?.end();
            else {
              const [poll] = polls.splice(pick % (polls.length || 1), 1);
              poll?.(kind === 'task' ? task : kind === 'empty' ? undefined : new Error('fault'));
            }
            await settle();
            const { openPolls, tasks } = poller.snapshot();
            expect(openPolls).toBe(polls.length);
            expect(tasks).toBe(works.length);
            expect(openPolls + tasks).toBeLessThanOrEqual(slots);
          }
          // No slot was leaked: left alone, it polls again; under a backlog it fills every slot.
          for (const work of works.splice(0)) work.end();
          await vi.advanceTimersByTimeAsync(60_000);
          expect(poller.snapshot().openPolls).toBeGreaterThanOrEqual(1);
          for (let i = 0; i < 40 && works.length < slots; i++) {
            for (const poll of polls.splice(0)) poll(task);
            await vi.advanceTimersByTimeAsync(1_000);
          }
          expect(works).toHaveLength(slots);
          await shutDown();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('P1: after a failure rests 1 s to 2 s, then longer, and not at all after a good poll', async () => {
    const { shutDown, answerAll, failures, sent } = setUp(4);
    await answerAll(new Error('first'));
    expect(failures).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(999);
    expect(sent()).toBe(1);
    await vi.advanceTimersByTimeAsync(1_001);
    expect(sent()).toBe(2);
    await answerAll(new Error('second'));
    await vi.advanceTimersByTimeAsync(1_999);
    expect(sent()).toBe(2);
    await vi.advanceTimersByTimeAsync(2_001);
    await answerAll(task);
    await answerAll(new Error('first again'));
    expect(failures.map(({ error }) => String(error))).toContain('Error: first again');
    expect(failures.at(-1)?.retryInMs).toBeLessThanOrEqual(2_000);
    await shutDown();
  });

  it('P1: never gives up, and never polls faster than its back-off', async () => {
    const { shutDown, failures, sent, answerAll } = setUp(4);
    for (let second = 0; second < 3_600; second++) {
      await answerAll(new Error('down'));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    // An hour in rests of 15 s to 30 s.
    expect(sent()).toBeGreaterThan(3_600 / 30);
    expect(sent()).toBeLessThan(3_600 / 15 + 10);
    expect(failures.length).toBeGreaterThanOrEqual(sent() - 1);
    await vi.advanceTimersByTimeAsync(30_000);
    await answerAll(task);
    await shutDown();
  });

  it('P1: polls that fail together make one step of back-off, and it tries again by one poll', async () => {
    const { shutDown, answerAll, endWork, failures, poller } = setUp(16);
    for (let i = 0; i < 4; i++) await answerAll(task);
    await endWork();
    expect(poller.snapshot().openPolls).toBe(16);
    await answerAll(new Error('down'));
    expect(failures).toHaveLength(16);
    expect(new Set(failures.map(({ retryInMs }) => retryInMs)).size).toBe(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(poller.snapshot().openPolls).toBe(1);
    await shutDown();
  });

  it('P1: a poll sent before the trouble, failing later, does not prolong the rest', async () => {
    const { shutDown, answerAll, endWork, polls, settle, sent } = setUp(2);
    await answerAll(task);
    await endWork();
    expect(polls).toHaveLength(2);
    polls.shift()?.(new Error('down'));
    await vi.advanceTimersByTimeAsync(900);
    polls.shift()?.(new Error('down'));
    await settle();
    const before = sent();
    await vi.advanceTimersByTimeAsync(1_100);
    expect(sent()).toBe(before + 1);
    await shutDown();
  });

  it('P3: an answer that comes back empty at once is asked for once a second at most', async () => {
    const { shutDown, answerAll, sent } = setUp(4);
    for (let i = 0; i < 100; i++) {
      await answerAll(undefined);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(sent()).toBeLessThanOrEqual(11);
    expect(sent()).toBeGreaterThanOrEqual(10);
    await shutDown();
  });

  it('S1: drained, sends no new poll, runs what open polls bring, and ends with the last task', async () => {
    const { ending, ended, answerAll, works, sent, settle, poller } = setUp(4);
    await answerAll(task);
    expect(poller.snapshot()).toMatchObject({ openPolls: 2, tasks: 1 });
    ending.startDrain();
    await answerAll(task);
    expect(sent()).toBe(3);
    expect(works).toHaveLength(3);
    let over = false;
    void ended.then(() => (over = true));
    works.pop()?.end();
    works.pop()?.end();
    await settle();
    expect(over).toBe(false);
    works.pop()?.end();
    await ended;
    expect(poller.snapshot()).toMatchObject({ openPolls: 0, tasks: 0 });
  });

  it('S1: drained while resting, ends at once', async () => {
    const { ending, ended, answerAll } = setUp(4);
    await answerAll(new Error('down'));
    ending.startDrain();
    await ended;
  });

  it('S2: aborted, ends its polls and interrupts its tasks with the reason, and waits for their reports', async () => {
    const { ending, ended, answerAll, works, abandoned, settle } = setUp(4);
    await answerAll(task);
    ending.startAbortPolls(stopped);
    await settle();
    expect(abandoned()).toBe(2);
    const [work] = works;
    expect(work?.interruption.signal.reason).toBe(stopped);
    expect(work?.signal.aborted).toBe(false);
    ending.startAbandonReports(stopped);
    expect(work?.signal.aborted).toBe(true);
    work?.end();
    await ended;
  });
});
