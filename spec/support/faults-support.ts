import { expect, vi } from 'vitest';
import { createStepFuncSource } from '../../lib/index.js';
import type { Invoke, StepFuncSource, StepFuncSourceConfig } from '../../lib/index.js';
import type { FakeSfnOptions, OperationName, TaskOutcome } from '../../lib/testing/index.js';
import { FakeSfn } from '../../lib/testing/index.js';
import type { Trouble } from './integration/troubles.js';
import { passingTroubles } from './integration/troubles.js';
import { answer, config } from './source-on-fake.js';

/** What a component has to do, as a task's input says it. */
export interface Order {
  does: 'succeed' | 'fail' | 'throw' | 'nonsense' | 'never' | 'gather';
  takesMs?: number;
  /** Of `gather`: how many must be at work together before any of them answers. */
  together?: number;
}

/** A component that does what its order says. It heeds its signal only while an order takes time. */
export function createComponent(): Invoke {
  let gathered: (() => void)[] = [];
  return async ({ body }, signal) => {
    const { does, takesMs = 0, together = 0 } = JSON.parse(body) as Order;
    if (takesMs > 0) await pause(takesMs, signal);
    switch (does) {
      case 'succeed':
        return answer(body);
      case 'fail':
        return { status: 422, headers: { 'step-func-error': 'Ordered' }, body: 'as ordered' };
      case 'throw':
        throw new Error('as ordered');
      case 'nonsense':
        return answer('{');
      case 'never':
        return new Promise(() => undefined);
      case 'gather':
        await new Promise<void>((resolve) => {
          gathered.push(resolve);
          if (gathered.length < together) return;
          for (const release of gathered) release();
          gathered = [];
        });
        return answer(body);
    }
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}

/** Three slots in two pollers. */
export const slots = { maxConcurrency: 3, concurrencyPerPoller: 2 };

/** A source on a fake Step Functions, and what it emits of its polls and tasks, a line an event. */
export function sourceUnderFaults(
  fields: Partial<StepFuncSourceConfig> = {},
  fake: FakeSfnOptions = {},
) {
  const sfn = new FakeSfn({ longPollMs: 60_000, ...fake });
  const source = createStepFuncSource(
    { ...config, ...slots, startTimeoutMs: 0, ...fields },
    createComponent(),
    { client: sfn },
  );
  const emitted: string[] = [];
  source.on('pollFailed', ({ error }) => emitted.push(`pollFailed ${error}`));
  source.on('reportFailed', ({ error }) => emitted.push(`reportFailed ${error}`));
  source.on('heartbeatFailed', ({ error }) => emitted.push(`heartbeatFailed ${error}`));
  source.on('taskSucceeded', ({ attempts }) => emitted.push(`taskSucceeded by ${attempts}`));
  source.on('taskFailed', ({ error, attempts }) =>
    emitted.push(`taskFailed ${error} by ${attempts}`),
  );
  source.on('taskLost', ({ reason }) => emitted.push(`taskLost ${reason}`));
  return { sfn, source, emitted };
}

/** Lets as much fake time pass as a promise needs: an hour at most. */
export async function pass<T>(promise: Promise<T>, stepMs = 1_000): Promise<T> {
  const settled = vi.fn();
  promise.then(settled, settled);
  for (let ms = 0; ms < 3_600_000 && settled.mock.calls.length === 0; ms += stepMs) {
    await vi.advanceTimersByTimeAsync(stepMs);
  }
  expect(settled).toHaveBeenCalled();
  return promise;
}

/**
 * That no slot was leaked: nothing is at work, polls are open, and as many tasks as there are slots run at the
 * same time. Then stops the source.
 */
export async function everySlotRuns(source: StepFuncSource, sfn: FakeSfn): Promise<void> {
  const { pollers, succeeded } = source.status();
  const together = pollers.reduce((sum, { concurrency }) => sum + concurrency, 0);
  expect(together).toBeGreaterThan(0);
  expect(pollers.map(({ tasks }) => tasks)).toEqual(pollers.map(() => 0));
  const order: Order = { does: 'gather', together };
  const outcomes = Array.from({ length: together }, () => sfn.runTask('sum', order));
  for (const { status } of await pass(Promise.all(outcomes))) expect(status).toBe('SUCCEEDED');
  await pass(source.stop());
  const { state, received, failed, lost, ...totals } = source.status();
  expect(state).toBe('stopped');
  expect(totals.succeeded).toBe(succeeded + together);
  expect(totals.succeeded + failed + lost).toBe(received);
  expect(sfn.openPolls() + sfn.running()).toBe(0);
}

/** What passes of itself, for every operation: in words, as a fault, and the error name it goes by. */
export const passing: typeof passingTroubles = [
  ...passingTroubles,
  ['a hang', { kind: 'hang' }, 'TimeoutError'],
  [
    'expired credentials',
    { kind: 'error', name: 'ExpiredTokenException' },
    'ExpiredTokenException',
  ],
  ['a clock that is wrong', aws('RequestTimeTooSkewed', 403), 'RequestTimeTooSkewed'],
  ['an error of tomorrow', aws('SomethingNewException'), 'SomethingNewException'],
];

/** An AWS error by its name. */
export function aws(name: string, status = 400): Trouble {
  return { kind: 'error', name, status };
}

/** Takes one task through one fault, and sees every slot run afterwards. */
export async function runThrough(
  operation: OperationName,
  trouble: Trouble | { kind: 'latency'; ms: number },
  order: Order,
  fields: { heartbeatIntervalMs?: number } = {},
): Promise<{ outcome: TaskOutcome; emitted: string[]; calls: number }> {
  const { sfn, source, emitted } = sourceUnderFaults(fields);
  await source.start();
  await pass(sfn.runTask('sum', { does: 'succeed' }));
  emitted.length = 0;
  const before = sfn.calls(operation);
  sfn.fault({ ...trouble, operation });
  const running = sfn.runTask('sum', order, { timeoutSeconds: 300 });
  const outcome = await pass(running);
  // The last event comes once AWS has responded, or has not.
  await vi.advanceTimersByTimeAsync(120_000);
  const calls = sfn.calls(operation) - before;
  const emittedOfTask = [...emitted];
  await everySlotRuns(source, sfn);
  return { outcome, emitted: emittedOfTask, calls };
}

/** Takes time, as every call does: a loop without pauses would stop the clock otherwise. */
export const roundTrip = { kind: 'latency', ms: 10 } as const;
export const slow = { kind: 'latency', ms: 5_000 } as const;
export const timedOut = { status: 'TIMED_OUT', error: 'States.Timeout' };
export const succeed: Order = { does: 'succeed' };
export const succeeded = { status: 'SUCCEEDED', output: JSON.stringify(succeed) };
