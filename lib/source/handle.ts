import type { ConcurrencyLimits } from './config-keys.js';
import type { EventName, Listener, StepFuncSourceState } from '../observe/events.js';
import type { Health } from '../observe/health.js';
import type { RunningTask } from '../observe/running-tasks.js';
import type { StepFuncSourceStatus } from '../observe/status.js';
import type { StopOptions, StopSummary } from './stop.js';

/** The handle of a source. Its pollers take an activity's tasks to a component. */
export interface StepFuncSource {
  /**
   * Gets the activity's ARN, starts to poll, and resolves. CreateActivity creates the activity if
   * there is none. Passing trouble is retried for `startTimeoutMs`. A second call while the source is
   * starting waits for the first; while it is running, it resolves at once.
   *
   * After a failed start the source is stopped, and may be started again.
   *
   * @throws ActivityError, as a rejection, if the ARN can't be had.
   * @throws AbortError, as a rejection, if `stop()` was called meanwhile.
   * @throws Error, as a rejection, while the source is stopping.
   * @example
   * ```ts
   * await source.start();
   * ```
   */
  start(): Promise<void>;
  /**
   * Sends no new poll, lets open polls come back, runs what they bring, and waits for every report.
   * An aborted poll would lose a task, since AWS may still assign one to it. Without `graceMs` there
   * is no time limit: the polls take up to 60 s, then the tasks take what they need.
   *
   * After `graceMs` milliseconds, polls and invokes are aborted. The tasks are reported as
   * `StepFuncSource.Stopped`, which may take 5 s more. A second call can only shorten the grace. A
   * stopped source resolves at once. Never rejects.
   *
   * @returns What became of the tasks that were under way.
   * @throws TypeError if an option is unknown, or if `graceMs` is not a number from 0.
   * @example
   * ```ts
   * const { lost, abandonedPolls } = await source.stop({ graceMs: 110_000 });
   * ```
   */
  stop(options?: StopOptions): Promise<StopSummary>;
  /**
   * Starts, waits until `signal` aborts or `stop` is called, and stops with these options. If `signal`
   * aborts before the start has completed, the start is taken back, and `run` resolves.
   *
   * @throws ActivityError, as a rejection, if the source can't be started. See {@link start}.
   * @throws TypeError if `signal` is no AbortSignal, or if an option is wrong.
   * @example
   * ```ts
   * await source.run(terminationSignal(), { graceMs: 110_000 });
   * ```
   */
  run(signal: AbortSignal, options?: StopOptions): Promise<StopSummary>;
  /**
   * Changes how many tasks run at a time, in all and per poller. A limit that is not given stays.
   * Slots that are added poll at once. Slots that are taken away end when their poll has come back or
   * their task is reported. Meanwhile there are never more tasks than the larger of both limits. A
   * source that is not running has the new limits from its next start.
   *
   * @throws ConfigError if a limit is no whole number from 1. Also if `concurrencyPerPoller` would
   * change while the source runs with `locks`. Other instances share pollers of the present size, so
   * that only a restart can change it.
   * @example
   * ```ts
   * source.resize({ maxConcurrency: 40 });
   * ```
   */
  resize(sizes: ConcurrencyLimits): void;
  /**
   * What is wrong, since when, and what to do; for a readiness or liveness probe. Calls nothing.
   *
   * @example
   * ```ts
   * const isAlive = source.health().problems.every(({ probe }) => probe !== 'liveness');
   * ```
   */
  health(): Health;
  /** `stopped`, `starting`, `running` or `stopping`. */
  readonly state: StepFuncSourceState;
  /**
   * What the source is doing, and what it has done since it was created: a snapshot of plain data.
   *
   * @example
   * ```ts
   * const { received, succeeded, failed, lost } = source.status();
   * ```
   */
  status(): StepFuncSourceStatus;
  /**
   * The tasks that have been received and not yet reported. It says since when each runs, and whether
   * its invoke or its report is under way. A snapshot of plain data.
   *
   * @example
   * ```ts
   * const oldest = source.runningTasks()[0];
   * ```
   */
  runningTasks(): RunningTask[];
  /**
   * Calls `listener` at every event of this name. An error that it throws, or rejects with, is dropped.
   *
   * @returns The source itself.
   * @throws TypeError if there is no such event, or if `listener` is no function.
   * @example
   * ```ts
   * source.on('taskLost', ({ task, reason }) => console.error(`Task ${task} was lost: ${reason}`));
   * ```
   */
  on<N extends EventName>(name: N, listener: Listener<N>): StepFuncSource;
  /**
   * Calls `listener` at the next event of this name only.
   *
   * @returns The source itself.
   * @throws TypeError if there is no such event, or if `listener` is no function.
   */
  once<N extends EventName>(name: N, listener: Listener<N>): StepFuncSource;
  /**
   * Removes a listener that `on` or `once` has added. If there is none, nothing happens.
   *
   * @returns The source itself.
   * @throws TypeError if there is no such event, or if `listener` is no function.
   */
  off<N extends EventName>(name: N, listener: Listener<N>): StepFuncSource;
  /** `stop()`, for `await using`. Absent if the runtime has no `Symbol.asyncDispose`. */
  [Symbol.asyncDispose](): Promise<void>;
}
