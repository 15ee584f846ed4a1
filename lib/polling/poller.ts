import { catchAbortError, delay, execute, spawn } from 'abort-controller-x';
import { createBackOff } from './back-off.js';
import type { ShutdownSignals } from '../async/shutdown.js';
import type { ActivityTask } from '../sfn/api.js';

/** An empty answer that came sooner than this was not a long poll: the next one waits as long. */
const EMPTY_POLL_MS = 1_000;

export interface PollerOptions {
  /** Slots: open polls and tasks together never exceed this. */
  concurrency: number;
  /**
   * One poll. Rejects where it failed. The controller is this poll's alone: it is aborted from outside
   * to end it, and by the poll itself when it is late. Resolves to undefined where `drain` aborts before
   * it is sent: it is then not sent at all.
   */
  poll(controller: AbortController, drain: AbortSignal): Promise<ActivityTask | undefined>;
  /**
   * Runs one task to its end, and holds its slot until then. Must not reject. `signal` gives it up;
   * `interruption` ends its invoke.
   */
  work(signal: AbortSignal, interruption: AbortController, task: ActivityTask): Promise<void>;
  /** A poll failed; the poller sleeps for so long. */
  onPollFailed(error: unknown, retryInMs: number): void;
  /** A poll was aborted. AWS may still give it a task, which then nobody has. */
  onPollAbandoned(): void;
  /** A slot has become free. */
  onSlotFreed?: (() => void) | undefined;
  /** Asked before each poll; once it may say true again, `fillSlots` is to be called. Default: always. */
  canPoll?: (() => boolean) | undefined;
}

export interface Poller {
  /** Polls and works until the end has come. Never rejects. To be called once. */
  run(ending: ShutdownSignals): Promise<void>;
  /** Changes the slots. Where there are fewer, open polls come back and tasks run to their end. */
  resize(concurrency: number): void;
  /** Polls where it may: whatever stood in the way may be gone. */
  fillSlots(): void;
  snapshot(): { concurrency: number; openPolls: number; tasks: number };
  pollHealth(): PollHealth;
}

/** How polling goes. Moments are of `performance.now()`. */
export interface PollHealth {
  /** Since when no poll has come back, though there was a slot that was not at work. */
  lastAnswerAt: number | undefined;
  /** Since when every poll that came back had failed, and what the last one failed with. */
  failing: { since: number; error: unknown } | undefined;
}

/**
 * A poller: slots, each of which holds an open poll or a task.
 *
 * It keeps `width` polls open while slots are free. Idle, that is one; every poll that brings a
 * task widens it by one, so that a backlog doubles the open polls with every round trip, and every
 * poll that comes back empty narrows it again.
 */
export function createPoller(options: PollerOptions): Poller {
  const { poll, work, onPollFailed, onPollAbandoned, onSlotFreed } = options;
  let { concurrency } = options;
  let openPolls = 0;
  let tasks = 0;
  let lastAnswerAt = performance.now();
  let failing: PollHealth['failing'];
  let fillSlotsAgain: () => void = () => undefined;
  let noMorePolls: AbortSignal | undefined;

  function run({
    drain,
    abortInvokes,
    abortPolls,
    abandonReports,
  }: ShutdownSignals): Promise<void> {
    noMorePolls = drain;
    const backOff = createBackOff();
    const polling = new Set<AbortController>();
    const working = new Set<AbortController>();
    let width = 1;
    let sleeps = 0;

    return spawn(abandonReports, (signal, { fork, defer }) => {
      /** Polls and, where that brings a task, works: one slot from the poll to the report. */
      async function pollAndRun(taskSignal: AbortSignal): Promise<void> {
        const abortion = new AbortController();
        polling.add(abortion);
        const task = await receive(abortion);
        polling.delete(abortion);
        if (task !== undefined) {
          // One of its own: a poll that was aborted just as it brought the task has no InvokeAbortError to tell.
          const interruption = new AbortController();
          if (abortInvokes.aborted) interruption.abort(abortInvokes.reason);
          working.add(interruption);
          fillSlots();
          await work(taskSignal, interruption, task);
          working.delete(interruption);
          if (tasks >= concurrency) lastAnswerAt = performance.now();
          tasks -= 1;
        }
        fillSlots();
        onSlotFreed?.();
      }

      /** Turns an open poll into a task or nothing, in one breath: no slot is ever counted twice. */
      async function receive(abortion: AbortController): Promise<ActivityTask | undefined> {
        const sentAt = performance.now();
        const epoch = backOff.epoch();
        try {
          const task = await poll(abortion, drain);
          openPolls -= 1;
          lastAnswerAt = performance.now();
          failing = undefined;
          backOff.succeeded(epoch);
          if (task !== undefined) {
            tasks += 1;
            width = Math.min(width + 1, concurrency);
            return task;
          }
          width = Math.max(width - 1, 1);
          const early = EMPTY_POLL_MS - (lastAnswerAt - sentAt);
          if (early > 0) sleep(early);
        } catch (error) {
          openPolls -= 1;
          // Not by its own signal: a poll that was late has aborted that itself, and has failed.
          if (abortPolls.aborted) {
            onPollAbandoned();
          } else {
            lastAnswerAt = performance.now();
            failing = { since: failing?.since ?? lastAnswerAt, error };
            width = 1;
            const { delayMs, isNew } = backOff.failed(epoch);
            if (isNew) sleep(delayMs);
            onPollFailed(error, delayMs);
          }
        }
        return undefined;
      }

      function sleep(ms: number): void {
        sleeps += 1;
        fork(async (sleepSignal) => {
          await delay(sleepSignal, ms);
          sleeps -= 1;
          fillSlots();
        });
      }

      let finish: () => void;

      function fillSlots(): void {
        while (
          !drain.aborted &&
          sleeps === 0 &&
          openPolls < width &&
          openPolls + tasks < concurrency &&
          options.canPoll?.() !== false
        ) {
          openPolls += 1;
          fork(pollAndRun);
        }
        if (drain.aborted && openPolls + tasks === 0) finish();
      }

      function interruptWork(): void {
        for (const interruption of working) interruption.abort(abortInvokes.reason);
      }

      function abortOpenPolls(): void {
        for (const poll of polling) poll.abort();
      }

      fillSlotsAgain = fillSlots;
      drain.addEventListener('abort', fillSlots);
      abortInvokes.addEventListener('abort', interruptWork);
      abortPolls.addEventListener('abort', abortOpenPolls);
      defer(() => {
        fillSlotsAgain = () => undefined;
        drain.removeEventListener('abort', fillSlots);
        abortInvokes.removeEventListener('abort', interruptWork);
        abortPolls.removeEventListener('abort', abortOpenPolls);
      });

      return execute<void>(signal, (resolve) => {
        finish = resolve;
        fillSlots();
        return () => undefined;
      });
    }).catch(catchAbortError);
  }

  return {
    run,
    resize(to) {
      // Slots that were all at work until now: nobody was to poll.
      if (tasks >= concurrency) lastAnswerAt = performance.now();
      concurrency = to;
      fillSlotsAgain();
    },
    fillSlots: () => fillSlotsAgain(),
    snapshot: () => ({ concurrency, openPolls, tasks }),
    pollHealth: () =>
      noMorePolls?.aborted === true
        ? { lastAnswerAt: undefined, failing: undefined }
        : { lastAnswerAt: tasks < concurrency ? lastAnswerAt : undefined, failing },
  };
}
