import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createShutdown } from '../../../lib/async/shutdown.js';
import { InvokeAbortError } from '../../../lib/task/invoke.js';
import { systemClock } from '../../../lib/async/clock.js';
import type { PollerOptions } from '../../../lib/polling/poller.js';
import { createPoller } from '../../../lib/polling/poller.js';
import { useFakeTimers } from '../../support/fake-timers.js';

const task = 'a job';
const stopped = new InvokeAbortError('stopped', 'stopped');

useFakeTimers();

/** A poller whose polls and tasks end when the test says so. `isDeaf`: polls know of no abort. */
function setUp(
  concurrency: number,
  { isDeaf = false, ...options }: Partial<PollerOptions<string>> & { isDeaf?: boolean } = {},
) {
  const shutdown = createShutdown();
  const polls: ((answer: string | undefined | Error) => void)[] = [];
  const works: { end(): void; signal: AbortSignal; interruption: AbortController }[] = [];
  const failures: { error: unknown; retryInMs: number }[] = [];
  let abandoned = 0;
  let sent = 0;
  let canPoll = true;
  const poller = createPoller<string>({
    clock: systemClock,
    concurrency,
    poll: (open) =>
      new Promise((resolve, reject) => {
        sent += 1;
        open.sentAt = performance.now();
        polls.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
        const { signal } = open.controller;
        if (!isDeaf) signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
    runJob: (signal, controller) =>
      new Promise<void>((resolve) =>
        works.push({ end: () => resolve(), signal, interruption: controller }),
      ),
    onPollFailed: (error, retryInMs) => failures.push({ error, retryInMs }),
    onPollAbandoned: () => (abandoned += 1),
    canPoll: () => canPoll,
    ...options,
  });
  const ended = poller.run(shutdown);
  const settle = () => vi.advanceTimersByTimeAsync(0);
  /** Answers the polls that are open now. */
  const answerAll = async (answer: string | undefined | Error) => {
    for (const poll of polls.splice(0)) poll(answer);
    await settle();
  };
  return {
    shutdown,
    poller,
    ended,
    polls,
    works,
    failures,
    settle,
    answerAll,
    sent: () => sent,
    abandoned: () => abandoned,
    setCanPoll: (may: boolean) => void (canPoll = may),
    async endWork() {
      for (const work of works.splice(0)) work.end();
      await settle();
    },
    async shutDown() {
      shutdown.startDrain();
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

  it('P1: after a failure waits 1 s to 2 s, then longer, and not at all after a good poll', async () => {
    const { shutDown, answerAll, failures, sent } = setUp(4);
    await answerAll(new Error('first'));
    expect(failures).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(999);
    expect(sent()).toBe(1);
    await vi.advanceTimersByTimeAsync(1_001);
    expect(sent()).toBe(2);
    await answerAll(new Error('second'));
    await vi.advanceTimersByTimeAsync(999);
    expect(sent()).toBe(2);
    await vi.advanceTimersByTimeAsync(3_001);
    await answerAll(task);
    await answerAll(new Error('first again'));
    expect(failures.map(({ error }) => String(error))).toContain('Error: first again');
    expect(failures.at(-1)?.retryInMs).toBeLessThanOrEqual(2_000);
    await shutDown();
  });

  it('P1: polls for ever, and never faster than its back-off', async () => {
    const { shutDown, failures, sent, answerAll } = setUp(4);
    for (let second = 0; second < 3_600; second++) {
      await answerAll(new Error('down'));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    // An hour in waits of 15 s to 30 s.
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

  it('P1: a poll sent before the trouble, failing later, does not prolong the back-off', async () => {
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

  it('P3: answers that come back empty at once are asked for every 50 ms, and every second from the 1,000th on', async () => {
    const { shutDown, answerAll, sent, polls } = setUp(4);
    const emptyFor = async (ms: number) => {
      const before = sent();
      for (let passed = 0; passed < ms; passed += 50) {
        await answerAll(undefined);
        await vi.advanceTimersByTimeAsync(50);
      }
      return sent() - before;
    };
    expect(await emptyFor(10_000)).toBe(200);
    expect(await emptyFor(39_950)).toBe(799);
    expect(polls).toHaveLength(1);
    expect(await emptyFor(10_000)).toBe(10);
    // One task, and the row begins anew.
    await answerAll(task);
    expect(await emptyFor(1_000)).toBe(20);
    await shutDown();
  });

  it.each([
    ['at once', 0, 1_000],
    ['after 9 s', 9_000, 1_000],
    ['after 10 s', 10_000, 0],
  ])('P4: a poll that fails %s is followed by another %3$i ms later', async (_, openMs, waitMs) => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const { shutDown, answerAll, failures, sent, settle } = setUp(1);
    await vi.advanceTimersByTimeAsync(openMs);
    await answerAll(new Error('down'));
    expect(failures).toMatchObject([{ retryInMs: waitMs }]);
    if (waitMs > 0) {
      await vi.advanceTimersByTimeAsync(waitMs - 1);
      expect(sent()).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
    }
    await settle();
    expect(sent()).toBe(2);
    await shutDown();
    vi.restoreAllMocks();
  });

  it('P4: a poll that a balancer cuts is emitted, and changes nothing else', async () => {
    const { shutDown, answerAll, failures, sent, poller } = setUp(1);
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    for (let minute = 1; minute <= 10; minute++) {
      await vi.advanceTimersByTimeAsync(59_000);
      await answerAll(reset);
      expect(failures).toHaveLength(minute);
      expect(failures.at(-1)).toEqual({ error: reset, retryInMs: 0 });
      expect(sent()).toBe(minute + 1);
      expect(poller.vitals().failing).toBeUndefined();
    }
    // The first real failure is the first step of the back-off.
    await answerAll(reset);
    expect(failures.at(-1)?.retryInMs).toBeLessThanOrEqual(2_000);
    expect(poller.vitals().failing).toBeDefined();
    await shutDown();
  });

  it('H: an open poll of 5 s shows that polling works, one from before the trouble does not', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const { shutDown, answerAll, endWork, polls, settle, poller } = setUp(2);
    await answerAll(task);
    await endWork();
    expect(polls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(4_000);
    polls.shift()?.(new Error('down'));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(poller.snapshot()).toMatchObject({ openPolls: 1 });
    expect(poller.vitals().failing).toBeDefined();
    // The other one has been open for 6 s. It fails, and the next one is sent after 1 s (P4).
    polls.shift()?.(new Error('down'));
    await settle();
    expect(polls).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(polls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(10_999);
    expect(poller.vitals().failing).toBeDefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(poller.vitals().failing).toBeUndefined();
    await shutDown();
    vi.restoreAllMocks();
  });

  it('H: a slot is stalled only if it is free with neither a poll nor a wait', async () => {
    const { shutDown, answerAll, poller, setCanPoll, endWork, settle } = setUp(2);
    await answerAll(new Error('down'));
    expect(poller.vitals()).toMatchObject({ openPolls: 0, stalledSince: undefined });
    await vi.advanceTimersByTimeAsync(2_000);
    setCanPoll(false);
    await answerAll(task);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(poller.vitals()).toMatchObject({ openPolls: 0, tasks: 1, stalledSince: undefined });
    // No code has called fillSlots: this is what must not be.
    setCanPoll(true);
    expect(poller.vitals().stalledSince).toBeDefined();
    poller.fillSlots();
    expect(poller.vitals()).toMatchObject({ openPolls: 1, stalledSince: undefined });
    await endWork();
    await settle();
    await shutDown();
  });

  it('onComponentDown: jobs pause the polls until each has resumed or ended', async () => {
    const { shutDown, answerAll, works, poller, settle, sent } = setUp(4);
    await answerAll(task);
    await answerAll(task);
    const [first, second] = works.map(({ interruption }) => interruption);
    if (first === undefined || second === undefined) throw new Error('two jobs at least');
    poller.pausePolls(first);
    poller.pausePolls(second);
    poller.pausePolls(second);
    const before = sent();
    works.pop()?.end();
    await settle();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(sent()).toBe(before);
    expect(poller.vitals().stalledSince).toBeUndefined();
    poller.resumePolls(first);
    poller.resumePolls(first);
    expect(sent()).toBe(before);
    // It ends without having resumed.
    works.splice(1, 1)[0]?.end();
    await settle();
    expect(sent()).toBeGreaterThan(before);
    await shutDown();
  });

  it('onComponentDown: while jobs pause the polls, no slot is stalled', async () => {
    const { shutDown, answerAll, works, poller, endWork } = setUp(4);
    await answerAll(task);
    const [first] = works.map(({ interruption }) => interruption);
    poller.pausePolls(first ?? expect.unreachable());
    await answerAll(undefined);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(poller.snapshot()).toEqual({ concurrency: 4, openPolls: 0, tasks: 1 });
    expect(poller.vitals().stalledSince).toBeUndefined();
    await endWork();
    expect(poller.snapshot()).toMatchObject({ openPolls: 1, tasks: 0 });
    await shutDown();
  });

  it('may always poll if nothing is asked before', async () => {
    const { shutDown, answerAll, poller } = setUp(2, { canPoll: undefined });
    await answerAll(task);
    expect(poller.snapshot()).toEqual({ concurrency: 2, openPolls: 1, tasks: 1 });
    expect(poller.vitals()).toMatchObject({ openPolls: 1, stalledSince: undefined });
    await shutDown();
  });

  it('C1: resized, has so many slots from then on', async () => {
    const { shutDown, answerAll, poller, endWork, settle } = setUp(1);
    await answerAll(task);
    expect(poller.snapshot()).toEqual({ concurrency: 1, openPolls: 0, tasks: 1 });
    poller.resize(3);
    expect(poller.snapshot()).toEqual({ concurrency: 3, openPolls: 1, tasks: 1 });
    poller.resize(0);
    await answerAll(undefined);
    await endWork();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(poller.snapshot()).toEqual({ concurrency: 0, openPolls: 0, tasks: 0 });
    poller.resize(1);
    await settle();
    expect(poller.snapshot()).toMatchObject({ openPolls: 1 });
    await shutDown();
  });

  it('before it runs, it may be resized, and neither polls nor is stalled', () => {
    const poll = vi.fn(() => Promise.resolve(undefined));
    const poller = createPoller<string>({
      ...{ clock: systemClock, concurrency: 1, poll },
      runJob: async () => undefined,
      onPollFailed: () => undefined,
      onPollAbandoned: () => undefined,
    });
    poller.resize(2);
    poller.fillSlots();
    expect(poller.snapshot()).toEqual({ concurrency: 2, openPolls: 0, tasks: 0 });
    expect(poller.vitals()).toEqual({ openPolls: 0, tasks: 0 });
    expect(poll).not.toHaveBeenCalled();
  });

  it('H: while it drains it is not stalled, however many slots are free', async () => {
    const { shutdown, answerAll, endWork, poller, ended } = setUp(4);
    await answerAll(task);
    shutdown.startDrain();
    await answerAll(undefined);
    expect(poller.vitals()).toEqual({ openPolls: 0, tasks: 1 });
    await endWork();
    await ended;
    expect(poller.vitals()).toEqual({ openPolls: 0, tasks: 0 });
  });

  it('runs one job after the other under the same signal', async () => {
    const { shutDown, answerAll, works, endWork } = setUp(1);
    await answerAll(task);
    const first = works[0]?.signal;
    await endWork();
    await answerAll(task);
    expect(works[0]?.signal).toBe(first);
    await shutDown();
  });

  it('P4: a poll that is cut after the wait of another has no wait of its own', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const { shutDown, answerAll, endWork, polls, failures, settle } = setUp(2);
    await answerAll(task);
    await endWork();
    expect(polls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(9_000);
    polls.shift()?.(new Error('down'));
    await settle();
    // The wait has just ended.
    await vi.advanceTimersByTimeAsync(1_000);
    polls.shift()?.(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    await settle();
    expect(failures.map(({ retryInMs }) => retryInMs)).toEqual([1_000, 0]);
    await shutDown();
    vi.restoreAllMocks();
  });

  it('S2: what a deaf poll brings after the end of the grace is abandoned and interrupted at once', async () => {
    const { shutdown, polls, works, settle, ended } = setUp(1, { isDeaf: true });
    shutdown.startAbandonReports(stopped);
    polls.shift()?.(task);
    await settle();
    expect(works).toHaveLength(1);
    expect(works[0]?.signal.reason).toBe(stopped);
    expect(works[0]?.interruption.signal.reason).toBe(stopped);
    works[0]?.end();
    await ended;
  });

  it('S1: drained, sends no new poll, runs what open polls bring, and ends with the last task', async () => {
    const { shutdown, ended, answerAll, works, sent, settle, poller } = setUp(4);
    await answerAll(task);
    expect(poller.snapshot()).toMatchObject({ openPolls: 2, tasks: 1 });
    shutdown.startDrain();
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

  it('S3: ended, has left no listener on its shutdown', async () => {
    const { shutdown, answerAll, ended } = setUp(2);
    const { drain, abortInvokes, abortPolls, abandonReports } = shutdown;
    const listeners = () =>
      [drain, abortInvokes, abortPolls, abandonReports].map(
        (signal) => getEventListeners(signal, 'abort').length,
      );
    expect(listeners()).toEqual([1, 1, 1, 1]);
    shutdown.startDrain();
    await answerAll(undefined);
    await ended;
    expect(listeners()).toEqual([0, 0, 0, 0]);
  });

  it('S1: drained while resting, ends at once', async () => {
    const { shutdown, ended, answerAll } = setUp(4);
    await answerAll(new Error('down'));
    shutdown.startDrain();
    await ended;
  });

  it('S2: aborted, ends its polls and interrupts its tasks with the reason, and waits for their reports', async () => {
    const { shutdown, ended, answerAll, works, abandoned, settle } = setUp(4);
    await answerAll(task);
    shutdown.startAbortPolls(stopped);
    await settle();
    expect(abandoned()).toBe(2);
    const [work] = works;
    expect(work?.interruption.signal.reason).toBe(stopped);
    expect(work?.signal.aborted).toBe(false);
    shutdown.startAbandonReports(stopped);
    expect(work?.signal.aborted).toBe(true);
    work?.end();
    await ended;
  });
});
