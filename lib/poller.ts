import { catchAbortError, delay, execute, spawn } from 'abort-controller-x';
import { createBackOff } from './back-off.js';
import type { Ending } from './ending.js';
import type { ActivityTask } from './sfn.js';

/** An empty answer that came sooner than this was not a long poll: the next one waits as long. */
const EMPTY_POLL_MS = 1_000;

export interface PollerOptions {
  /** Slots: open polls and tasks together never exceed this. */
  concurrency: number;
  /** One poll. Rejects where it failed; `signal` aborts it. */
  poll(signal: AbortSignal): Promise<ActivityTask | undefined>;
  /**
   * Runs one task to its end, and holds its slot until then. Must not reject. `signal` gives it up;
   * `interruption` ends its invoke.
   */
  work(signal: AbortSignal, interruption: AbortController, task: ActivityTask): Promise<void>;
  /** A poll failed; the poller rests for so long. */
  onPollFailed(error: unknown, retryInMs: number): void;
  /** A poll was aborted. AWS may still give it a task, which then nobody has. */
  onPollAbandoned(): void;
}

export interface Poller {
  /** Polls and works until the end has come. Never rejects. */
  run(ending: Ending): Promise<void>;
  snapshot(): { concurrency: number; openPolls: number; tasks: number };
}

/**
 * A poller: slots, each of which holds an open poll or a task.
 *
 * It keeps `width` polls open while slots are free. Idle, that is one; every poll that brings a
 * task widens it by one, so that a backlog doubles the open polls with every round trip, and every
 * poll that comes back empty narrows it again.
 */
export function createPoller(options: PollerOptions): Poller {
  const { concurrency, poll, work, onPollFailed, onPollAbandoned } = options;
  let openPolls = 0;
  let tasks = 0;

  function run({ drain, interrupt, abort, giveUp }: Ending): Promise<void> {
    const backOff = createBackOff();
    const polling = new Set<AbortController>();
    const working = new Set<AbortController>();
    let width = 1;
    let rests = 0;

    return spawn(giveUp, (signal, { fork, defer }) => {
      /** Polls and, where that brings a task, works: one slot from the poll to the report. */
      async function turn(turnSignal: AbortSignal): Promise<void> {
        const interruption = new AbortController();
        polling.add(interruption);
        const task = await receive(interruption.signal);
        polling.delete(interruption);
        if (task !== undefined) {
          if (interrupt.aborted) interruption.abort(interrupt.reason);
          working.add(interruption);
          proceed();
          await work(turnSignal, interruption, task);
          working.delete(interruption);
          tasks -= 1;
        }
        proceed();
      }

      /** Turns an open poll into a task or nothing, in one breath: no slot is ever counted twice. */
      async function receive(pollSignal: AbortSignal): Promise<ActivityTask | undefined> {
        const sentAt = performance.now();
        const era = backOff.era();
        try {
          const task = await poll(pollSignal);
          openPolls -= 1;
          backOff.succeeded(era);
          if (task !== undefined) {
            tasks += 1;
            width = Math.min(width + 1, concurrency);
            return task;
          }
          width = Math.max(width - 1, 1);
          const early = EMPTY_POLL_MS - (performance.now() - sentAt);
          if (early > 0) rest(early);
        } catch (error) {
          openPolls -= 1;
          if (pollSignal.aborted) {
            onPollAbandoned();
          } else {
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
        const mayPoll = !drain.aborted && rests === 0;
        while (mayPoll && openPolls < width && openPolls + tasks < concurrency) {
          openPolls += 1;
          fork(turn);
        }
        if (drain.aborted && openPolls + tasks === 0) finish();
      }

      function interruptWork(): void {
        for (const interruption of working) interruption.abort(interrupt.reason);
      }

      function abortPolls(): void {
        for (const interruption of polling) interruption.abort();
      }

      drain.addEventListener('abort', proceed);
      interrupt.addEventListener('abort', interruptWork);
      abort.addEventListener('abort', abortPolls);
      defer(() => {
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

  return { run, snapshot: () => ({ concurrency, openPolls, tasks }) };
}
