import { createAlarm } from '../async/alarm.js';
import type { Clock } from '../async/clock.js';
import { onAbort } from '../async/on-abort.js';
import type { ShutdownSignals } from '../async/shutdown.js';
import type { PollerVitals } from '../observe/vitals.js';
import type { SentPoll } from './poll-state.js';
import {
  startingState,
  vitalsOf,
  withAbort,
  withFailure,
  withoutTask,
  withTask,
} from './poll-state.js';
import { isEmpty, pollSent, pollsWanted, resized, taskEnded } from './poll-window.js';

export interface PollerOptions<Job> {
  clock: Clock;
  /** How many slots it has. Open polls and jobs together never exceed them. */
  concurrency: number;
  /**
   * Sends one poll, and sets `sentAt` when it is sent. Resolves to undefined if there is no job, or
   * if no poll was sent: something had to be asked for first, or `drain` aborted. Rejects if the
   * poll failed.
   */
  poll(open: OpenPoll, drain: AbortSignal): Promise<Job | undefined>;
  /**
   * Runs one job to its end. The job's slot is in use until then. Must not reject. `signal`
   * abandons the job; `controller` aborts its invoke.
   */
  runJob(signal: AbortSignal, controller: AbortController, job: Job): Promise<void>;
  /** A poll failed. The poller polls again after `retryInMs`. */
  onPollFailed(error: unknown, retryInMs: number): void;
  /** A poll was aborted. AWS may still assign a task to it, which no worker receives. */
  onPollAbandoned(): void;
  /** A slot has become free. */
  onSlotFreed?: (() => void) | undefined;
  /**
   * Asked before each poll. When it may return true again, call `fillSlots`. Default: always true.
   */
  canPoll?: (() => boolean) | undefined;
}

export interface OpenPoll extends SentPoll {
  /**
   * Belongs to this poll alone. It is aborted from outside, or by the poll itself at its time
   * limit.
   */
  readonly controller: AbortController;
}

export interface Poller {
  /** Polls and runs jobs until shutdown has completed. Never rejects. Call it once. */
  run(shutdown: ShutdownSignals): Promise<void>;
  /** Changes the slots. If there are fewer, open polls come back and jobs run to their end. */
  resize(concurrency: number): void;
  /** Sends polls if it may. Call it when something that prevented polls may have ended. */
  fillSlots(): void;
  /** Sends no poll until every job that called this, by its controller, has resumed or ended. */
  pausePolls(job: AbortController): void;
  resumePolls(job: AbortController): void;
  snapshot(): { concurrency: number; openPolls: number; tasks: number };
  vitals(): PollerVitals;
}

/**
 * A poller's state from `run` until shutdown has completed. Its modes, and what leads from one to
 * the next:
 *
 * - idle, without a `Running`. `run` leads to polling.
 * - polling: It sends polls while slots are free. `shutdown.drain` leads to draining.
 * - draining: It sends none. Open polls come back, and jobs run. Later phases of shutdown end them
 *   sooner. When the last slot becomes free, it is ended.
 * - ended, without a `Running`.
 *
 * While polling it may have to wait, for its pace (back-off, or a row of empty responses), or for
 * `canPoll`. A job may also have paused the polls.
 */
interface Running {
  readonly shutdown: ShutdownSignals;
  /** Resolves `run`. To be called once no slot is in use. */
  readonly finish: () => void;
}

/**
 * A poller: slots, each of which holds an open poll or a job. Its decisions are in {@link
 * PollState}.
 */
export function createPoller<Job>(options: PollerOptions<Job>): Poller {
  const { clock, poll, runJob, onPollFailed, onPollAbandoned, onSlotFreed, canPoll } = options;
  let state = startingState(options.concurrency, clock.monotonic());
  let running: Running | undefined;
  /** Open polls, in the order of their sending. */
  const polls = new Set<OpenPoll>();
  /** Jobs that run: the controller of each one's invoke, and the one that abandons the job. */
  const jobs = new Map<AbortController, AbortController>();
  /**
   * Controllers that abandon jobs, for jobs to come. A job leaves no listener on its own. A new one
   * for each job would cost 1 % of a task. One for all jobs would grow a list of listeners, which
   * each job searches.
   */
  const spare: AbortController[] = [];
  /** Those jobs that have paused the polls. */
  const pausing = new Set<AbortController>();
  /** Calls `fillSlots` when the pace allows the next poll. */
  const alarm = createAlarm(clock, fillSlots);

  function run(shutdown: ShutdownSignals): Promise<void> {
    const { drain, abortInvokes, abortPolls, abandonReports } = shutdown;
    const abortJobs = () => {
      for (const controller of jobs.keys()) controller.abort(abortInvokes.reason);
    };
    const abortOpenPolls = () => {
      for (const { controller } of polls) controller.abort();
    };
    const abandonJobs = () => {
      for (const abandonment of jobs.values()) abandonment.abort(abandonReports.reason);
    };
    const ended = new Promise<void>((finish) => (running = { shutdown, finish }));
    // A signal may have aborted before this listens: a lease can be lost at once.
    const detach = [
      onAbort(abortInvokes, abortJobs),
      onAbort(abortPolls, abortOpenPolls),
      onAbort(abandonReports, abandonJobs),
      onAbort(drain, fillSlots),
    ];
    fillSlots();
    return ended.then(() => {
      running = undefined;
      alarm.cancel();
      for (const stopListening of detach) stopListening();
    });
  }

  /** Sends as many polls as slots, window and pace allow. Call it whenever one of them changes. */
  function fillSlots(): void {
    if (running === undefined) return;
    const { shutdown, finish } = running;
    if (shutdown.drain.aborted) {
      alarm.cancel();
      if (isEmpty(state.window)) finish();
      return;
    }
    if (pollsWanted(state.window) === 0 || pausing.size > 0) return;
    const waitMs = state.pace.resumeAt - clock.monotonic();
    if (waitMs > 0) {
      alarm.set(waitMs);
      return;
    }
    while (pollsWanted(state.window) > 0 && canPoll?.() !== false) {
      state = { ...state, window: pollSent(state.window) };
      void pollAndRun(shutdown);
    }
  }

  /** Polls and, if that brings a job, runs it. Its slot is in use from the poll to the report. */
  async function pollAndRun(shutdown: ShutdownSignals): Promise<void> {
    const job = await receive(shutdown);
    if (job !== undefined) {
      const { abandonReports } = shutdown;
      const abandonment = spare.pop() ?? new AbortController();
      if (abandonReports.aborted) abandonment.abort(abandonReports.reason);
      // Not the poll's controller: if that was aborted just as it brought the job, it has no
      // reason.
      const controller = new AbortController();
      if (shutdown.abortInvokes.aborted) controller.abort(shutdown.abortInvokes.reason);
      jobs.set(controller, abandonment);
      fillSlots();
      await runJob(abandonment.signal, controller, job);
      jobs.delete(controller);
      // If it has aborted, so do those of all jobs to come.
      spare.push(abandonment);
      pausing.delete(controller);
      state = { ...state, window: taskEnded(state.window, clock.monotonic()) };
    }
    fillSlots();
    onSlotFreed?.();
  }

  /** Turns an open poll into a job or nothing, in one step, so that no slot counts twice. */
  async function receive({ drain, abortPolls }: ShutdownSignals): Promise<Job | undefined> {
    const controller = new AbortController();
    const open: OpenPoll = { controller, epoch: state.pace.epoch, sentAt: undefined };
    polls.add(open);
    try {
      const job = await poll(open, drain);
      polls.delete(open);
      const now = clock.monotonic();
      state = job === undefined ? withoutTask(state, open, now) : withTask(state, open, now);
      return job;
    } catch (error) {
      polls.delete(open);
      const now = clock.monotonic();
      // Not the poll's own signal: a poll aborts that itself at its time limit, and has then
      // failed.
      if (abortPolls.aborted) {
        state = withAbort(state, now);
        onPollAbandoned();
      } else {
        state = withFailure(state, open, error, now, clock.random());
        const { resumeAt, retryInMs } = state.pace;
        onPollFailed(error, resumeAt > now ? retryInMs : 0);
      }
      return undefined;
    }
  }

  return {
    run,
    fillSlots,
    resize(concurrency) {
      state = { ...state, window: resized(state.window, concurrency, clock.monotonic()) };
      fillSlots();
    },
    pausePolls: (job) => void pausing.add(job),
    resumePolls(job) {
      if (pausing.delete(job)) fillSlots();
    },
    snapshot() {
      const { concurrency, openPolls, tasks } = state.window;
      return { concurrency, openPolls, tasks };
    },
    vitals() {
      const { openPolls, tasks } = state.window;
      // While it drains, and after it has ended, it has no reason to poll.
      if (running === undefined || running.shutdown.drain.aborted) return { openPolls, tasks };
      const isPaused = pausing.size > 0 || canPoll?.() === false;
      return vitalsOf(state, polls, isPaused, clock.monotonic());
    },
  };
}
