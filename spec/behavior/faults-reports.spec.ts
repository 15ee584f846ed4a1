import { describe, expect, it } from 'vitest';
import type { Order } from '../support/faults-support.js';
import {
  aws,
  passing,
  runThrough,
  slow,
  succeed,
  succeeded,
  timedOut,
} from '../support/faults-support.js';
import { useFakeTimers } from '../support/fake-timers.js';

useFakeTimers();

const closing = ['InvalidToken', 'TaskDoesNotExist', 'TaskTimedOut'];
const fail: Order = { does: 'fail' };
const failed = { status: 'FAILED', error: 'Ordered', cause: 'as ordered' };

describe.each([
  ['SendTaskSuccess', succeed, succeeded, 'taskSucceeded'],
  ['SendTaskFailure', fail, failed, 'taskFailed Ordered'],
] as const)('%s', (operation, order, reported, settled) => {
  it.each(passing)('T6: that fails by %s is sent again', async (_, trouble, name) => {
    const { outcome, emitted, calls } = await runThrough(operation, trouble, order);
    expect(outcome).toEqual(reported);
    expect(emitted).toEqual([`reportFailed ${name}`, `${settled} by 2`]);
    expect(calls).toBe(2);
  });

  it('T6: that is slow is waited for', async () => {
    const { outcome, emitted, calls } = await runThrough(operation, slow, order);
    expect(outcome).toEqual(reported);
    expect(emitted).toEqual([`${settled} by 1`]);
    expect(calls).toBe(1);
  });

  it('T7: whose answer is lost has arrived, and is emitted as unknown', async () => {
    const { outcome, emitted } = await runThrough(operation, { kind: 'lostAnswer' }, order);
    expect(outcome).toEqual(reported);
    expect(emitted).toEqual(['reportFailed ECONNRESET', 'taskLost unknown']);
  });

  it.each(closing)('T7: that is answered %s is the end of the task', async (name) => {
    const { outcome, emitted, calls } = await runThrough(operation, aws(name), order);
    expect(outcome).toEqual(timedOut);
    expect(emitted).toEqual(['taskLost closed']);
    expect(calls).toBe(1);
  });
});

describe('SendTaskSuccess', () => {
  it.each([
    ['InvalidOutput', 'StepFuncSource.InvalidOutput'],
    ['ValidationException', 'StepFuncSource.OutputRefused'],
    ['SerializationException', 'StepFuncSource.OutputRefused'],
    ['KmsAccessDeniedException', 'StepFuncSource.OutputRefused'],
    ['KmsInvalidStateException', 'StepFuncSource.OutputRefused'],
  ])('T6: that is answered %s becomes a failure', async (name, error) => {
    const { outcome, emitted, calls } = await runThrough('SendTaskSuccess', aws(name), succeed);
    expect(outcome).toMatchObject({ status: 'FAILED', error });
    expect(emitted).toEqual([`taskFailed ${error} by 2`]);
    expect(calls).toBe(1);
  });
});

describe('SendTaskFailure', () => {
  it.each<[string, object]>([
    ['KmsAccessDeniedException', {}],
    ['KmsInvalidStateException', {}],
    ['ValidationException', { error: 'Ordered' }],
    ['SerializationException', { error: 'Ordered' }],
  ])('T14: that is answered %s is sent with %j', async (name, left) => {
    const { outcome, emitted, calls } = await runThrough('SendTaskFailure', aws(name), fail);
    expect(outcome).toEqual({ status: 'FAILED', ...left });
    expect(emitted).toEqual(['taskFailed Ordered by 2']);
    expect(calls).toBe(2);
  });
});

describe('SendTaskHeartbeat', () => {
  const fields = { heartbeatIntervalMs: 15_000 };
  const order: Order = { does: 'succeed', takesMs: 40_000 };
  const done = { status: 'SUCCEEDED', output: JSON.stringify(order) };

  it.each([
    ...passing,
    ...['KmsAccessDeniedException', 'InvalidOutput', 'ValidationException'].map((name) => [
      name,
      aws(name),
      name,
    ]),
    ['an answer that is lost', { kind: 'lostAnswer' }, 'ECONNRESET'],
  ] as typeof passing)('T8: that fails by %s leaves the task alone', async (_, trouble, name) => {
    const { outcome, emitted, calls } = await runThrough(
      'SendTaskHeartbeat',
      trouble,
      order,
      fields,
    );
    expect(outcome).toEqual(done);
    expect(emitted).toEqual([`heartbeatFailed ${name}`, 'taskSucceeded by 1']);
    expect(calls).toBeGreaterThanOrEqual(2);
    expect(calls).toBeLessThanOrEqual(4);
  });

  it('T8: that is slow leaves the task alone', async () => {
    const { outcome, emitted } = await runThrough('SendTaskHeartbeat', slow, order, fields);
    expect(outcome).toEqual(done);
    expect(emitted).toEqual(['taskSucceeded by 1']);
  });

  it.each(closing)('T8: that is answered %s ends invoke, and no more is sent', async (name) => {
    const { outcome, emitted, calls } = await runThrough(
      'SendTaskHeartbeat',
      aws(name),
      { does: 'never' },
      fields,
    );
    expect(outcome).toEqual(timedOut);
    expect(emitted).toEqual(['taskLost closed']);
    expect(calls).toBe(1);
  });
});
