import { asyncDisposable } from '../common/async-disposable.js';
import type { ConcurrencyLimits, StepFuncSourceConfig } from './config.js';
import { checkListener, checkSignal, checkStopOptions } from './check-arguments.js';
import { parseConfig, resizeConfig } from './config.js';
import type { Clock } from '../async/clock.js';
import { systemClock } from '../async/clock.js';
import type { EventName, Listener, StepFuncSourceState } from '../observe/events.js';
import { createEvents } from '../observe/events.js';
import type { Health } from '../observe/health.js';
import { watchHealth } from '../observe/health.js';
import type { Invoke } from '../task/invoke.js';
import { isPathless } from '../task/pathless.js';
import { createLifecycle } from './lifecycle.js';
import { startSession } from './session.js';
import type { RunningTask } from '../observe/running-tasks.js';
import { createRunningTasks } from '../observe/running-tasks.js';
import { logEvents } from '../observe/log.js';
import type { StepFuncSourceOptions } from './options.js';
import { checkInvoke, checkOptions } from './options.js';
import type { Emit } from '../polling/activity-poller.js';
import { pollersFor } from '../polling/slots.js';
import { runUntil } from './run.js';
import type { StepFuncSourceStatus } from '../observe/status.js';
import type { StopOptions, StopSummary } from './stop.js';
import { countEvents } from '../observe/totals.js';

/** The handle of a source: pollers that take an activity's tasks to a component. */
export interface StepFuncSource {
  /**
   * Gets the activity's ARN (creating the activity where there is none) and starts to poll; resolves
   * then. While the source is starting or running, resolves with it.
   *
   * Rejects with an {@link ActivityError} where the ARN can't be had, with an AbortError where
   * `stop()` came first, and with an Error while the source is stopping. The source is then stopped,
   * and may be started again.
   */
  start(): Promise<void>;
  /**
   * Stops polling, lets open polls come back (AWS gives tasks to polls whose client has gone), runs
   * what they bring, waits for every report, and resolves. Without `graceMs` that takes as long as it
   * takes: up to 60 s for the polls, then the tasks.
   *
   * After `graceMs` milliseconds, polls and invokes are aborted, and tasks under way are failed with
   * `StepFuncSource.Stopped`, for which there are 5 s more. Stopping again only shortens the grace.
   */
  stop(options?: StopOptions): Promise<StopSummary>;
  /**
   * Starts, waits for `signal` to abort (or for somebody to stop the source), and stops, with
   * `options` as of `stop`. Rejects as `start` does.
   */
  run(signal: AbortSignal, options?: StopOptions): Promise<StopSummary>;
  /**
   * Changes how many tasks run at a time, in all and per poller; what is not given stays as it is. More
   * slots poll at once; of surplus ones, open polls come back and tasks run to their end. On the way
   * there are never more tasks than the larger of the two limits. A source that is not running has
   * the new sizes from its next start.
   *
   * Throws a {@link ConfigError} where a size is wrong, or where it would change the size of pollers
   * that other instances share, which only a restart can do: `concurrencyPerPoller` while running
   * with `locks`.
   */
  resize(sizes: ConcurrencyLimits): void;
  /** Whether the source does what it is there for; if not, what is wrong, since when, and what to do. */
  health(): Health;
  /** `stopped`, `starting`, `running` or `stopping`. */
  readonly state: StepFuncSourceState;
  /** What the source is doing, and what it has done since it was created: a snapshot of plain data. */
  status(): StepFuncSourceStatus;
  /**
   * The tasks that have been received and not yet reported: since when each runs, and whether its
   * component is at work or its report is on its way. A snapshot of plain data.
   */
  runningTasks(): RunningTask[];
  /** Calls `listener` at every event of this name. What it throws disturbs nobody. */
  on<N extends EventName>(name: N, listener: Listener<N>): StepFuncSource;
  /** Calls `listener` at the next event of this name only. */
  once<N extends EventName>(name: N, listener: Listener<N>): StepFuncSource;
  /** Takes a listener away again. */
  off<N extends EventName>(name: N, listener: Listener<N>): StepFuncSource;
  /** `stop()`, for `await using`. Absent if the runtime has no `Symbol.asyncDispose`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Creates a source, stopped. Touches no network.
 *
 * Throws a {@link ConfigError} where the config is wrong, and a TypeError where `invoke` or one of
 * the options is.
 */
export function createStepFuncSource(
  config: StepFuncSourceConfig,
  invoke: Invoke,
  options?: StepFuncSourceOptions,
): StepFuncSource {
  return createSource(config, invoke, options, systemClock);
}

/** A source on a clock that is not the system's: a simulation holds time and chance. */
export function createSource(
  config: StepFuncSourceConfig,
  invoke: Invoke,
  options: StepFuncSourceOptions | undefined,
  clock: Clock,
): StepFuncSource {
  let checked = parseConfig(config, {
    withLocks: options?.locks !== undefined,
    pathless: isPathless(invoke),
  });
  checkInvoke(invoke);
  const resolvedOptions = checkOptions(options);

  const events = createEvents();
  const totals = countEvents(events);
  const health = watchHealth(events, clock);
  const runningTasks = createRunningTasks(clock);
  if (resolvedOptions.logger !== undefined) {
    logEvents(events, resolvedOptions.logger, { clock, causes: resolvedOptions.logCauses });
  }
  const { activityName } = checked;
  const emit: Emit = (name, fields, cause) => {
    // The compiler can't see that a name's fields and the activity's name make up its event.
    events.emit(name, { activityName, ...fields } as never, cause);
  };

  const lifecycle = createLifecycle({
    givenArn: checked.activityArn,
    totals,
    startSession: (shutdown, onPollAbandoned) =>
      startSession(shutdown, {
        clock,
        config: () => checked,
        invoke,
        resolvedOptions,
        emit,
        runningTasks,
        onPollAbandoned,
      }),
    onStateChanged: (from, to) => emit('stateChanged', { from, to }),
  });

  function stop(stopOptions?: StopOptions): Promise<StopSummary> {
    checkStopOptions('stop', stopOptions);
    return lifecycle.stop(stopOptions ?? {});
  }

  function run(signal: AbortSignal, stopOptions?: StopOptions): Promise<StopSummary> {
    checkSignal('run', signal);
    checkStopOptions('run', stopOptions);
    return runUntil(signal, events, lifecycle.start, () => stop(stopOptions));
  }

  function resize(sizes: ConcurrencyLimits): void {
    const { locks } = resolvedOptions;
    const resized = resizeConfig(checked, sizes, locks !== undefined && lifecycle.isActive());
    checked = resized;
    lifecycle
      .session()
      ?.pollers.resize(pollersFor(resized.maxConcurrency, resized.concurrencyPerPoller));
  }

  const source: StepFuncSource = {
    start: lifecycle.start,
    stop,
    run,
    resize,
    health: () => {
      const pollers = lifecycle.session()?.pollers;
      const { lockTtlMs, invokeTimeoutMs } = checked;
      return health.check({
        pollers: pollers?.vitals() ?? [],
        lockStoreFailing: pollers?.lockStoreFailing(),
        lockTtlMs,
        invokeTimeoutMs,
      });
    },
    get state() {
      return lifecycle.state();
    },
    status: () => ({
      state: lifecycle.state(),
      activityArn: lifecycle.activityArn(),
      pollers: lifecycle.session()?.pollers.snapshot() ?? [],
      ...totals,
    }),
    runningTasks: runningTasks.list,
    on(name, listener) {
      checkListener('on', name, listener);
      events.on(name, listener);
      return source;
    },
    once(name, listener) {
      checkListener('once', name, listener);
      events.once(name, listener);
      return source;
    },
    off(name, listener) {
      checkListener('off', name, listener);
      events.off(name, listener);
      return source;
    },
    ...asyncDisposable(async () => {
      await stop();
    }),
  };
  return source;
}
