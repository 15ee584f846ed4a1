import type { Meter, MetricOptions } from '@opentelemetry/api';

// The boundaries that the conventions give for messaging durations, in seconds.
const CALL_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
// Tasks of an activity may run for minutes, which would all fall beyond the conventions' last
// boundary.
const TASK_SECONDS = [...CALL_SECONDS, 30, 60, 120, 300, 600, 1_800, 3_600];

export type Instruments = ReturnType<typeof createInstruments>;

/** All instruments, with their names, units and descriptions. docs/opentelemetry.md says more. */
export function createInstruments(meter: Meter) {
  const counter = (name: string, unit: string, description: string) =>
    meter.createCounter(name, { unit, description });
  const duration = (name: string, boundaries: number[], description: string) =>
    meter.createHistogram(name, seconds(boundaries, description));
  // A sum over instances makes sense, so that it is an UpDownCounter. For Prometheus it is a gauge.
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableUpDownCounter(name, { unit, description });

  return {
    consumed: counter(
      'messaging.client.consumed.messages',
      '{message}',
      'Tasks that polls have brought.',
    ),
    processDuration: duration(
      'messaging.process.duration',
      TASK_SECONDS,
      'Duration of invoke: from the poll that brought a task to the end of its invoke.',
    ),
    operationDuration: duration(
      'messaging.client.operation.duration',
      CALL_SECONDS,
      'Duration of a report, its tries and the waits between them included, until Step Functions took it.',
    ),
    tasksEnded: counter('stepfunc_source.tasks.ended', '{task}', 'Tasks that have ended.'),
    taskDuration: duration(
      'stepfunc_source.task.duration',
      TASK_SECONDS,
      'Duration of a task: from the poll that brought it until its slot was free.',
    ),
    pollFailures: counter('stepfunc_source.poll.failures', '{failure}', 'Polls that failed.'),
    reportFailures: counter(
      'stepfunc_source.report.failures',
      '{failure}',
      'Tries to report a task that failed, and were to be made again.',
    ),
    heartbeatFailures: counter(
      'stepfunc_source.heartbeat.failures',
      '{failure}',
      'Heartbeats that failed, and did no harm yet.',
    ),
    lockStoreFailures: counter(
      'stepfunc_source.lock_store.failures',
      '{failure}',
      'Calls to the lock store that failed.',
    ),
    leasesLost: counter('stepfunc_source.leases.lost', '{lease}', 'Leases that were lost.'),
    pollersHeld: gauge('stepfunc_source.pollers.held', '{poller}', 'Pollers that run here.'),
    slots: gauge(
      'stepfunc_source.slots',
      '{slot}',
      'Slots: open polls and tasks together never exceed them.',
    ),
    openPolls: gauge('stepfunc_source.polls.open', '{poll}', 'Polls that are open.'),
    tasksActive: gauge(
      'stepfunc_source.tasks.active',
      '{task}',
      'Tasks in flight: received and not yet reported.',
    ),
    // A sum over instances would mean nothing, so that it is a gauge.
    oldestTaskAge: meter.createObservableGauge('stepfunc_source.task.oldest_age', {
      unit: 's',
      description: 'Age of the oldest task in flight; 0 if there is none.',
    }),
    healthProblems: gauge(
      'stepfunc_source.health.problems',
      '{problem}',
      'Whether a problem of health() is present: 1 or 0.',
    ),
  };
}

function seconds(explicitBucketBoundaries: number[], description: string): MetricOptions {
  return { unit: 's', description, advice: { explicitBucketBoundaries } };
}
