import type { Attributes, BatchObservableCallback, Meter, Observable } from '@opentelemetry/api';
import { systemClock } from '../async/clock.js';
import { healthCodes } from '../observe/health.js';
import type { StepFuncSource } from '../source/handle.js';
import type { PollerStatus } from '../observe/status.js';
import { Attribute } from './attributes.js';
import type { Instruments } from './instruments.js';

/**
 * Observes `status()` and `health()` whenever metrics are collected, until the returned function is
 * called. Nothing is observed while `attributes()` returns undefined.
 */
export function observeGauges(
  source: StepFuncSource,
  meter: Meter,
  instruments: Instruments,
  attributes: () => Attributes | undefined,
): () => void {
  const { pollersHeld, slots, openPolls, tasksActive, oldestTaskAge, healthProblems } = instruments;
  const observables = [pollersHeld, slots, openPolls, tasksActive, oldestTaskAge, healthProblems];

  const observe: BatchObservableCallback = (result) => {
    const common = attributes();
    if (common === undefined) return;
    const { pollers } = source.status();
    const observeSum = (gauge: Observable, of: (poller: PollerStatus) => number) =>
      result.observe(
        gauge,
        pollers.reduce((sum, poller) => sum + of(poller), 0),
        common,
      );
    observeSum(pollersHeld, ({ lease }) => (lease?.lost === true ? 0 : 1));
    observeSum(slots, ({ concurrency }) => concurrency);
    observeSum(openPolls, (poller) => poller.openPolls);
    observeSum(tasksActive, ({ tasks }) => tasks);
    const startedAt = Math.min(...source.runningTasks().map((task) => task.startedAt));
    // The wall clock may have been set back since. Without a task there is no oldest one.
    result.observe(oldestTaskAge, Math.max(0, (systemClock.wall() - startedAt) / 1_000), common);
    const present = new Set<string>(source.health().problems.map(({ code: problem }) => problem));
    for (const problem of healthCodes) {
      const value = present.has(problem) ? 1 : 0;
      result.observe(healthProblems, value, { ...common, [Attribute.Problem]: problem });
    }
  };

  meter.addBatchObservableCallback(observe, observables);
  return () => meter.removeBatchObservableCallback(observe, observables);
}
