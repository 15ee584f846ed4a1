import { catchAbortError, delay, execute, spawn } from 'abort-controller-x';
import { createBackOff } from './back-off.js';
import type { Ending } from '../async/shutdown.js';
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
  /** A poll failed; the poller rests for so long. */
  onPollFailed(error: unknown, retryInMs: number): void;
  /** A poll was aborted. AWS may still give it a task, which then nobody has. */
  onPollAbandoned(): void;
  /** A slot has become free. */
  onFreed?: (() => void) | undefined;
  /** Asked before each poll; once it may say true again, `proceed` is to be called. Default: always. */
  mayPoll?: (() => boolean) | undefined;
}

export interface Poller {
  /** Polls and works until the end has come. Never rejects. To be called once. */
  run(ending: Ending): Promise<void>;
  /** Changes the slots. Where there are fewer, open polls come back and tasks run to their end. */
  resize(concurrency: number): void;
  /** Polls where it may: whatever stood in the way may be gone. */
  proceed(): void;
  snapshot(): { concurrency: number; openPolls: number; tasks: number };
  pulse(): Pulse;
}

/** How polling goes. Moments are of `performance.now()`. */
export interface Pulse {
  /** Since when no poll has come back, though there was a slot that was not at work. */
  quietSince: number | undefined;
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
  const { poll, work, onPollFailed, onPollAbandoned, onFreed } = options;
  let { concurrency } = options;
  let openPolls = 0;
  let tasks = 0;
  let quietSince = performance.now();
  let failing: Pulse['failing'];
  let proceedAgain: () => void = () => undefined;
  let noMorePolls: AbortSignal | undefined;

  function run({ drain, interrupt, abort, giveUp }: Ending): Promise<void> {
    noMorePolls = drain;
    const backOff = createBackOff();
    const polling = new Set<AbortController>();
    const working = new Set<AbortController>();
    let width = 1;
    let rests = 0;

    return spawn(giveUp, (signal, { fork, defer }) => {
      /** Polls and, where that brings a task, works: one slot from the poll to the report. */
      async function turn(turnSignal: AbortSignal): Promise<void> {
        const abortion = new AbortController();
        polling.add(abortion);
        const task = await receive(abortion);
        polling.delete(abortion);
        if (task !== undefined) {
          // One of its own: a poll that was aborted just as it brought the task has no InvokeAborted to tell.
          const interruption = new AbortController();
          if (interrupt.aborted) interruption.abort(interrupt.reason);
          working.add(interruption);
          proceed();
          await work(turnSignal, interruption, task);
          working.delete(interruption);
          if (tasks >= concurrency) quietSince = performance.now();
          tasks -= 1;
        }
        proceed();
        onFreed?.();
      }

      /** Turns an open poll into a task or nothing, in one breath: no slot is ever counted twice. */
      async function receive(abortion: AbortController): Promise<ActivityTask | undefined> {
        const sentAt = performance.now();
        const era = backOff.era();
        try {
          const task = await poll(abortion, drain);
          openPolls -= 1;
          quietSince = performance.now();
          failing = undefined;
          backOff.succeeded(era);
          if (task !== undefined) {
            tasks += 1;
            width = Math.min(width + 1, concurrency);
            return task;
          }
          width = Math.max(width - 1, 1);
          const early = EMPTY_POLL_MS - (quietSince - sentAt);
          if (early > 0) rest(early);
        } catch (error) {
          openPolls -= 1;
          // Not by its own signal: a poll that was late has aborted that itself, and has failed.
          if (abort.aborted) {
            onPollAbandoned();
          } else {
            quietSince = performance.now();
            failing = { since: failing?.since ?? quietSince, error };
            width = 1;
            const { restMs, isNew } = backOff.failed(era);
            if (isNew) rest(restMs);
            onPollFailed(error, restMs);
          }
        }
        return undefined;
      }

      function rest(ms: number): void {
        rests += 1;
        fork(async (restSignal) => {
          await delay(restSignal, ms);
          rests -= 1;
          proceed();
        });
      }

      let finish: () => void;

      function proceed(): void {
        while (
          !drain.aborted &&
          rests === 0 &&
          openPolls < width &&
          openPolls + tasks < concurrency &&
          options.mayPoll?.() !== false
        ) {
          openPolls += 1;
          fork(turn);
        }
        if (drain.aborted && openPolls + tasks === 0) finish();
      }

      function interruptWork(): void {
        for (const interruption of working) interruption.abort(interrupt.reason);
      }

      function abortPolls(): void {
        for (const poll of polling) poll.abort();
      }

      proceedAgain = proceed;
      drain.addEventListener('abort', proceed);
      interrupt.addEventListener('abort', interruptWork);
      abort.addEventListener('abort', abortPolls);
      defer(() => {
        proceedAgain = () => undefined;
        drain.removeEventListener('abort', proceed);
        interrupt.removeEventListener('abort', interruptWork);
        abort.removeEventListener('abort', abortPolls);
      });

      return execute<void>(signal, (resolve) => {
        finish = resolve;
        proceed();
        return () => undefined;
      });
    }).catch(catchAbortError);
  }

  return {
    run,
    resize(to) {
      // Slots that were all at work until now: nobody was to poll.
      if (tasks >= concurrency) quietSince = performance.now();
      concurrency = to;
      proceedAgain();
    },
    proceed: () => proceedAgain(),
    snapshot: () => ({ concurrency, openPolls, tasks }),
    pulse: () =>
      noMorePolls?.aborted === true
        ? { quietSince: undefined, failing: undefined }
        : { quietSince: tasks < concurrency ? quietSince : undefined, failing },
  };
}
