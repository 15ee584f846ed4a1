import { describe, expect, it, vi } from 'vitest';
import type { OperationName, TaskOutcome } from '../../lib/testing/index.js';
import type { FakeSfn } from '../../lib/testing/index.js';
import type { Order } from '../support/faults-support.js';
import {
  everySlotRuns,
  pass,
  passing,
  roundTrip,
  sourceUnderFaults,
} from '../support/faults-support.js';
import { useFakeTimers } from '../support/fake-timers.js';

useFakeTimers();

const SLOTS = 6;
const TASKS = 30;
/** Failures in a row. */
const BURST = 40;
const fields = { maxConcurrency: SLOTS, concurrencyPerPoller: 3, heartbeatIntervalMs: 20_000 };

/** The most calls in any one second that passed until `promise` was settled. */
async function busiestSecond(sfn: FakeSfn, promise: Promise<unknown>): Promise<number> {
  let most = 0;
  let before = sfn.calls();
  const watching = setInterval(() => {
    most = Math.max(most, sfn.calls() - before);
    before = sfn.calls();
  }, 1_000);
  await pass(promise);
  clearInterval(watching);
  return most;
}

async function runThroughBurst(
  operation: OperationName,
  trouble: (typeof passing)[number][1],
  order: Order,
): Promise<{ outcomes: TaskOutcome[]; emitted: string[]; calls: number; busiest: number }> {
  const { sfn, source, emitted } = sourceUnderFaults(fields);
  await source.start();
  sfn.fault({ ...roundTrip, times: Infinity });
  sfn.fault({ ...trouble, operation, times: BURST });
  const outcomes = Promise.all(Array.from({ length: TASKS }, () => sfn.runTask('sum', order)));
  const busiest = await busiestSecond(sfn, outcomes);
  // Polls that were sent last may still meet what is left of it.
  await vi.advanceTimersByTimeAsync(300_000);
  const calls = sfn.calls(operation);
  const emittedByThese = [...emitted];
  await everySlotRuns(source, sfn);
  return { outcomes: await outcomes, emitted: emittedByThese, calls, busiest };
}

/** Tasks take a second, so that without a fault there are few calls in one. */
const takesMs = 1_000;
/** Of each slot a poll, and the tries of a report that waits 0.25 s, 0.5 s, 1 s between them. */
const MOST_IN_A_SECOND = 5 * SLOTS;

describe.each(passing)(`a burst of ${BURST} calls that fail by %s`, (_, trouble, name) => {
  it.each<[OperationName, Order, string, string]>([
    ['SendTaskSuccess', { does: 'succeed', takesMs }, 'SUCCEEDED', 'taskSucceeded'],
    ['SendTaskFailure', { does: 'fail', takesMs }, 'FAILED', 'taskFailed Ordered'],
  ])(
    'T6: of %s: each task is reported once, after a back-off',
    async (operation, order, status, event) => {
      const { outcomes, emitted, calls, busiest } = await runThroughBurst(
        operation,
        trouble,
        order,
      );
      expect(outcomes.map((outcome) => outcome.status)).toEqual(Array(TASKS).fill(status));
      expect(emitted.filter((line) => line.startsWith(event))).toHaveLength(TASKS);
      expect(emitted.filter((line) => line === `reportFailed ${name}`)).toHaveLength(BURST);
      expect(emitted).toHaveLength(TASKS + BURST);
      expect(calls).toBe(TASKS + BURST);
      expect(busiest).toBeLessThanOrEqual(MOST_IN_A_SECOND);
    },
  );

  it('P1: of GetActivityTask: every task is run, after a back-off', async () => {
    const order: Order = { does: 'succeed', takesMs };
    const { outcomes, emitted, busiest } = await runThroughBurst('GetActivityTask', trouble, order);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(Array(TASKS).fill('SUCCEEDED'));
    const failed = emitted.filter((line) => line === `pollFailed ${name}`);
    expect(failed).toHaveLength(BURST);
    expect(emitted).toHaveLength(TASKS + BURST);
    expect(busiest).toBeLessThanOrEqual(MOST_IN_A_SECOND);
  });

  it('T8: of SendTaskHeartbeat: the tasks go on', async () => {
    const order: Order = { does: 'succeed', takesMs: 290_000 };
    const { outcomes, emitted, busiest } = await runThroughBurst(
      'SendTaskHeartbeat',
      trouble,
      order,
    );
    expect(outcomes.map((outcome) => outcome.status)).toEqual(Array(TASKS).fill('SUCCEEDED'));
    expect(emitted.filter((line) => line === `heartbeatFailed ${name}`)).toHaveLength(BURST);
    expect(emitted).toHaveLength(TASKS + BURST);
    expect(busiest).toBeLessThanOrEqual(MOST_IN_A_SECOND);
  });

  it('P2: of CreateActivity: the pollers back off, and get it at last', async () => {
    const { sfn, source, emitted } = sourceUnderFaults(fields);
    await source.start();
    sfn.deleteActivity('sum');
    sfn.fault({ ...roundTrip, times: Infinity });
    sfn.fault({ ...trouble, operation: 'CreateActivity', times: BURST });
    const gone = new Promise<void>((resolve) => {
      const looking = setInterval(() => {
        if (sfn.openPolls('sum') < 2 || sfn.calls('CreateActivity') <= BURST) return;
        clearInterval(looking);
        resolve();
      }, 1_000);
    });
    const busiest = await busiestSecond(sfn, gone);
    expect(sfn.calls('CreateActivity')).toBe(BURST + 2);
    const names = new Set(emitted);
    expect(names).toEqual(new Set(['pollFailed ActivityDoesNotExist', `pollFailed ${name}`]));
    expect(busiest).toBeLessThanOrEqual(MOST_IN_A_SECOND);
    await everySlotRuns(source, sfn);
  });
});
