import type { Attributes, MeterProvider } from '@opentelemetry/api';
import { metrics } from '@opentelemetry/api';
import { ErrorName } from '../task/error-name.js';
import type { EventName, Listener, StepFuncSourceEvents } from '../observe/events.js';
import { getProperty } from '../common/property.js';
import { formatValue } from '../common/format-value.js';
import type { StepFuncSource } from '../source/handle.js';
import { activityAttributes, Attribute, boundNames, SCOPE } from './attributes.js';
import { observeGauges } from './gauges.js';
import { checkKeys } from '../common/check-keys.js';
import { createInstruments } from './instruments.js';

/** The second argument of `recordMetrics`, all optional. */
export interface MetricsOptions {
  /**
   * The provider of the meter. A global one must be set before `recordMetrics` is called.
   *
   * @default the global provider
   */
  meterProvider?: MeterProvider | undefined;
  /**
   * Attributes for every data point. Two sources of one activity in one process need one that differs.
   * Instances differ by their resource.
   *
   * @default none
   */
  attributes?: Attributes | undefined;
  /**
   * How many error names of the component are recorded as `error.type`. Any further name is `_OTHER`.
   * The source's own names (see `ErrorName`) are always recorded, except those with a status. Names of
   * failed calls are counted apart, with the same limit.
   *
   * @default 50
   */
  maxErrorNames?: number | undefined;
}

/** The names that are always recorded. `Http<status>` is none of them: there are 900 of it. */
const ownErrors: ReadonlySet<string> = new Set(Object.values(ErrorName));

/**
 * Records a source's metrics. Counters and histograms follow its events. Gauges are read from
 * `status()` and `health()` when metrics are collected.
 *
 * @returns a function that removes the listeners and callbacks.
 * @throws TypeError if `source` is not a source, or `maxErrorNames` is not a whole number.
 * @example
 * ```ts
 * const meterProvider = new MeterProvider({ readers: [new PrometheusExporter({ port: 9464 })] });
 * recordMetrics(source, { meterProvider });
 * ```
 */
export function recordMetrics(source: StepFuncSource, options: MetricsOptions = {}): () => void {
  checkKeys('recordMetrics', options, ['meterProvider', 'attributes', 'maxErrorNames']);
  const { meterProvider = metrics.getMeterProvider(), attributes = {} } = options;
  const maxErrorNames = options.maxErrorNames ?? 50;
  checkArguments(source, maxErrorNames);
  const meter = meterProvider.getMeter(SCOPE);
  const instruments = createInstruments(meter);
  const taskError = boundNames(maxErrorNames, ownErrors);
  const callError = boundNames(maxErrorNames);

  /** Set when the activity's name is known. */
  let common: Attributes | undefined;

  function know(activityName: string): Attributes {
    if (common === undefined) {
      common = { ...attributes, ...activityAttributes(activityName) };
      // For Prometheus, a counter that first appears as 1 has not risen. Without these zeros, the first
      // lost task would raise no alarm.
      for (const errorType of ['closed', 'unknown', 'abandoned']) countEnded('lost', errorType, 0);
      countEnded('succeeded', undefined, 0);
    }
    return common;
  }

  function countEnded(outcome: Outcome, errorType: string | undefined, count = 1): void {
    const ended = { ...common, [Attribute.Outcome]: outcome, ...errorAttributes(errorType) };
    instruments.tasksEnded.add(count, ended);
  }

  function recordEnded(event: Ended, outcome: Outcome, errorType?: string): void {
    const base = know(event.activityName);
    countEnded(outcome, errorType);
    const total = event.durationMs / 1_000;
    const invoke = event.invokeMs / 1_000;
    instruments.taskDuration.record(total, { ...base, [Attribute.Outcome]: outcome });
    instruments.processDuration.record(invoke, {
      ...base,
      ...operation('process', 'process'),
      ...errorAttributes(errorType),
    });
    // The event of a lost task does not say which report was made, if any.
    if (outcome === 'lost') return;
    const call = outcome === 'succeeded' ? 'SendTaskSuccess' : 'SendTaskFailure';
    instruments.operationDuration.record(total - invoke, { ...base, ...operation(call, 'settle') });
  }

  const countFailure =
    (counter: 'pollFailures' | 'reportFailures' | 'heartbeatFailures' | 'lockStoreFailures') =>
    ({ activityName, error }: { activityName: string; error: string }): void =>
      instruments[counter].add(1, {
        ...know(activityName),
        ...errorAttributes(callError(error)),
      });

  const stopListening = listen(source, {
    stateChanged: ({ activityName }) => void know(activityName),
    taskReceived: ({ activityName }) =>
      instruments.consumed.add(1, {
        ...know(activityName),
        ...operation('GetActivityTask', 'receive'),
      }),
    taskSucceeded: (event) => recordEnded(event, 'succeeded'),
    taskFailed: (event) => recordEnded(event, 'failed', taskError(event.error)),
    taskLost: (event) => recordEnded(event, 'lost', event.reason),
    pollFailed: countFailure('pollFailures'),
    reportFailed: countFailure('reportFailures'),
    heartbeatFailed: countFailure('heartbeatFailures'),
    lockStoreFailed: countFailure('lockStoreFailures'),
    leaseLost: ({ activityName, error }) =>
      instruments.leasesLost.add(1, { ...know(activityName), ...errorAttributes(error) }),
  });

  const stopObserving = observeGauges(source, meter, instruments, () => {
    const { activityArn } = source.status();
    return common ?? (activityArn === undefined ? undefined : know(nameIn(activityArn)));
  });

  return () => {
    stopListening();
    stopObserving();
  };
}

type Outcome = 'succeeded' | 'failed' | 'lost';
type Ended = StepFuncSourceEvents['taskSucceeded' | 'taskFailed' | 'taskLost'];

function operation(name: string, type: 'receive' | 'process' | 'settle'): Attributes {
  return { [Attribute.OperationName]: name, [Attribute.OperationType]: type };
}

function errorAttributes(errorType: string | undefined): Attributes {
  return errorType === undefined ? {} : { [Attribute.ErrorType]: errorType };
}

type Listeners = { [N in EventName]?: Listener<N> };

/** Listens until the returned function is called. */
function listen(source: StepFuncSource, listeners: Listeners): () => void {
  const entries = Object.entries(listeners) as [EventName, Listener<EventName>][];
  for (const [name, listener] of entries) source.on(name, listener);
  return () => {
    for (const [name, listener] of entries) source.off(name, listener);
  };
}

/** An ARN ends with its activity's name, which has no colon. */
function nameIn(activityArn: string): string {
  return activityArn.slice(activityArn.lastIndexOf(':') + 1);
}

function checkArguments(source: unknown, maxErrorNames: unknown): void {
  if (
    typeof getProperty(source, 'on') !== 'function' ||
    typeof getProperty(source, 'status') !== 'function'
  ) {
    throw new TypeError(
      `recordMetrics: expected source to be what createStepFuncSource returned, got ${formatValue(source)}`,
    );
  }
  if (!Number.isInteger(maxErrorNames) || (maxErrorNames as number) < 0) {
    throw new TypeError(
      `recordMetrics: expected options.maxErrorNames to be a whole number >= 0, got ${formatValue(maxErrorNames)}`,
    );
  }
}
