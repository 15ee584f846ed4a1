import { asyncDisposable } from '../common/async-disposable.js';
import type { ConcurrencyLimits, StepFuncSourceConfig } from './config-keys.js';
import { checkListener, checkSignal, checkStopOptions } from './check-arguments.js';
import { parseConfig, resizeConfig } from './config.js';
import type { Clock } from '../async/clock.js';
import type { Connections } from '../net/connections.js';
import { systemClock } from '../async/clock.js';
import { createEvents } from '../observe/events.js';
import { watchHealth } from '../observe/health.js';
import type { Invoke } from '../task/invoke.js';
import { isPathless } from '../task/pathless.js';
import type { StepFuncSource } from './handle.js';
import { createLifecycle } from './lifecycle.js';
import { startSession } from './session.js';
import { createRunningTasks } from '../observe/running-tasks.js';
import { logEvents } from '../observe/log.js';
import type { StepFuncSourceOptions } from './option-keys.js';
import { checkInvoke, checkOptions } from './options.js';
import type { Emit } from '../polling/activity-poller.js';
import { pollersFor } from '../polling/slots.js';
import { runUntil } from './run.js';
import type { StopOptions, StopSummary } from './stop.js';
import { countEvents } from '../observe/totals.js';

/**
 * Creates a source. It is stopped: nothing is sent before `start` or `run`.
 *
 * @param config - Plain data: which activity, and how many tasks at a time.
 * @param invoke - Takes a task to the component: `httpInvoke`, `functionInvoke`, or your own.
 * @param options - Live objects: clients, locks, a logger.
 * @throws ConfigError if the config is wrong. It lists every bad key.
 * @throws TypeError if `invoke` or an option is wrong.
 * @example
 * ```ts
 * const source = createStepFuncSource(
 *   { activityName: 'sum', path: '/step/sum', maxConcurrency: 10 },
 *   httpInvoke('http://localhost:8080'),
 *   { logger: console },
 * );
 * await source.run(terminationSignal());
 * ```
 */
export function createStepFuncSource(
  config: StepFuncSourceConfig,
  invoke: Invoke,
  options?: StepFuncSourceOptions,
): StepFuncSource {
  return createSource(config, invoke, options, systemClock);
}

/**
 * A source on another clock than the system's, and on connections that need not be real. A
 * simulation so controls time, chance and the network.
 */
export function createSource(
  config: StepFuncSourceConfig,
  invoke: Invoke,
  options: StepFuncSourceOptions | undefined,
  clock: Clock,
  connect?: () => Connections,
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
    clock,
    givenArn: checked.activityArn,
    totals,
    startSession: (shutdown, onPollAbandoned) =>
      startSession(shutdown, {
        clock,
        connect,
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
