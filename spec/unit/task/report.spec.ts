import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import { report } from '../../../lib/task/report.js';
import type { TaskResult } from '../../../lib/task/result.js';
import { awsError, fakeCalls } from '../../support/fake-calls.js';
import { useFakeTimers } from '../../support/fake-timers.js';

const success: TaskResult = { outcome: 'success', output: '1' };
const failed: TaskResult = { outcome: 'failure', error: 'E', cause: 'c' };
const throttled = () => awsError('ThrottlingException', { $metadata: { httpStatusCode: 400 } });
const reset = () => awsError('Error', { code: 'ECONNRESET' });

useFakeTimers();

function setUp(answers: Parameters<typeof fakeCalls>[0], result: TaskResult) {
  const sfn = fakeCalls(answers);
  const abandon = new AbortController();
  const stopRetrying = new AbortController();
  abandon.signal.addEventListener('abort', () => stopRetrying.abort());
  const failures: unknown[] = [];
  const settled = report(sfn, 'token', result, {
    abandonReports: abandon.signal,
    stopRetrying: stopRetrying.signal,
    onTryFailed: (error) => failures.push(error),
    clock: systemClock,
  });
  return { sfn, abandon, stopRetrying, failures, settled };
}

describe('report', () => {
  it('T2, T3: sends success or failure, once', async () => {
    const one = setUp(['fine'], success);
    expect(await one.settled).toEqual({ outcome: 'succeeded', attempts: 1 });
    expect(one.sfn.sent).toEqual([['SendTaskSuccess', 'token', '1']]);
    const other = setUp(['fine'], failed);
    const settled = await other.settled;
    expect(settled).toEqual({ outcome: 'failed', error: 'E', cause: 'c', attempts: 1 });
    expect(settled).not.toHaveProperty('message');
    expect(other.sfn.sent).toEqual([['SendTaskFailure', 'token', { error: 'E', cause: 'c' }]]);
  });

  it.each([
    ['throttling', throttled],
    ['a 5xx', () => awsError('InternalFailure', { $metadata: { httpStatusCode: 500 } })],
    ['a broken connection', reset],
    ['an HTML answer', () => awsError('SyntaxError', { $metadata: { httpStatusCode: 502 } })],
    ['KMS throttling', () => awsError('KmsThrottlingException')],
    [
      'expired credentials',
      () => awsError('ExpiredTokenException', { $metadata: { httpStatusCode: 400 } }),
    ],
    ['an abort that was not ours', () => awsError('AbortError')],
  ])('T6: retries after %s until AWS takes it', async (_, error) => {
    const { settled, sfn } = setUp(Array.from({ length: 20 }, error), success);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(await settled).toEqual({ outcome: 'succeeded', attempts: 21 });
    expect(sfn.sent).toHaveLength(21);
  });

  it('T6: backs off, jittered, up to 15 s', async () => {
    const { settled, sfn, abandon } = setUp(Array.from({ length: 1_000 }, throttled), success);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sfn.sent.length).toBeGreaterThanOrEqual(2);
    expect(sfn.sent.length).toBeLessThanOrEqual(4);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(sfn.sent.length).toBeLessThan(600 / 7.5 + 10);
    abandon.abort();
    await settled;
  });

  it('T6: an InvalidOutput is followed by a failure', async () => {
    const { settled, sfn } = setUp([awsError('InvalidOutput')], success);
    const cause = "Step Functions did not take the component's output: InvalidOutput.";
    expect(await settled).toEqual({
      outcome: 'failed',
      error: 'StepFuncSource.InvalidOutput',
      cause,
      message: cause,
      attempts: 2,
    });
    expect(sfn.sent[1]).toEqual([
      'SendTaskFailure',
      'token',
      { error: 'StepFuncSource.InvalidOutput', cause },
    ]);
  });

  it.each(['KmsAccessDeniedException', 'KmsInvalidStateException'])(
    'T6: after %s a failure goes once more with no error and no cause',
    async (name) => {
      const { settled, sfn } = setUp([awsError(name)], failed);
      expect(await settled).toEqual({ outcome: 'failed', error: 'E', cause: 'c', attempts: 2 });
      expect(sfn.sent[1]).toEqual(['SendTaskFailure', 'token', {}]);
    },
  );

  it('T6: an output that KMS refuses is reported as refused, then bare, then retried', async () => {
    const refused = () => awsError('KmsInvalidStateException');
    const { settled, sfn } = setUp([refused(), refused(), refused()], success);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await settled).toMatchObject({ error: 'StepFuncSource.OutputRefused', attempts: 4 });
    expect(sfn.sent.map(([name, , what]) => [name, Object.keys(Object(what) as object)])).toEqual([
      ['SendTaskSuccess', ['0']],
      ['SendTaskFailure', ['error', 'cause', 'outcome'].slice(0, 2)],
      ['SendTaskFailure', []],
      ['SendTaskFailure', []],
    ]);
  });

  it('T14: a refused failure keeps its name as long as it can, and a token that is invalid ends it', async () => {
    const invalid = () => awsError('ValidationException');
    const { settled, sfn, failures } = setUp([invalid(), invalid(), invalid(), invalid()], success);
    expect(await settled).toEqual({ outcome: 'lost', reason: 'closed' });
    const error = 'StepFuncSource.OutputRefused';
    const cause = "Step Functions did not take the component's output: ValidationException.";
    expect(sfn.sent).toEqual([
      ['SendTaskSuccess', 'token', '1'],
      ['SendTaskFailure', 'token', { error, cause }],
      ['SendTaskFailure', 'token', { error }],
      ['SendTaskFailure', 'token', {}],
    ]);
    expect(failures).toEqual([]);
  });

  it.each(['ValidationException', 'SerializationException', 'InvalidOutput'])(
    'T14: after %s a failure goes without its cause, at once, and is emitted whole',
    async (name) => {
      const { settled, sfn } = setUp([awsError(name)], failed);
      expect(await settled).toEqual({ outcome: 'failed', error: 'E', cause: 'c', attempts: 2 });
      expect(sfn.sent[1]).toEqual(['SendTaskFailure', 'token', { error: 'E' }]);
    },
  );

  it('T14: goes on with what AWS had not refused after passing trouble', async () => {
    const { settled, sfn } = setUp([awsError('ValidationException'), throttled()], failed);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await settled).toMatchObject({ outcome: 'failed', attempts: 3 });
    expect(sfn.sent.map(([, , sent]) => sent)).toEqual([
      { error: 'E', cause: 'c' },
      { error: 'E' },
      { error: 'E' },
    ]);
  });

  it.each(['InvalidToken', 'TaskDoesNotExist', 'TaskTimedOut'])(
    'T7: %s means that the task was closed',
    async (name) => {
      const { settled, sfn } = setUp([awsError(name)], success);
      expect(await settled).toEqual({ outcome: 'lost', reason: 'closed' });
      expect(sfn.sent).toHaveLength(1);
    },
  );

  it('T7: whether our own report closed it is unknown once one may have arrived', async () => {
    const afterReset = setUp([reset(), awsError('TaskTimedOut')], success);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await afterReset.settled).toEqual({ outcome: 'lost', reason: 'unknown' });

    const sdkRetried = setUp([awsError('TaskTimedOut', { $metadata: { attempts: 2 } })], success);
    expect(await sdkRetried.settled).toEqual({ outcome: 'lost', reason: 'unknown' });
  });

  it('T7: it is not unknown if no earlier report can have arrived', async () => {
    const refusedConnection = awsError('Error', { code: 'ECONNREFUSED' });
    const { settled } = setUp([throttled(), refusedConnection, awsError('TaskTimedOut')], success);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await settled).toEqual({ outcome: 'lost', reason: 'closed' });
  });

  it('T6: calls back for every attempt that failed for a passing reason, and no other', async () => {
    const { settled, failures } = setUp(
      [throttled(), awsError('InvalidOutput'), throttled(), awsError('TaskTimedOut')],
      success,
    );
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await settled).toMatchObject({ outcome: 'lost' });
    expect(failures).toMatchObject([
      { name: 'ThrottlingException' },
      { name: 'ThrottlingException' },
    ]);
  });

  it('T8: found closed by a heartbeat, makes no further try', async () => {
    const { settled, sfn, stopRetrying } = setUp([throttled(), throttled()], success);
    await vi.advanceTimersByTimeAsync(0);
    stopRetrying.abort();
    expect(await settled).toEqual({ outcome: 'lost', reason: 'closed' });
    expect(sfn.sent).toHaveLength(1);
  });

  it('T8: found closed by a heartbeat, lets the try under way end well', async () => {
    let answer: (attempts: number) => void = () => undefined;
    const stopRetrying = new AbortController();
    const settled = report(
      fakeCalls([], { sendTaskSuccess: () => new Promise((resolve) => (answer = resolve)) }),
      'token',
      success,
      {
        abandonReports: new AbortController().signal,
        stopRetrying: stopRetrying.signal,
        onTryFailed: () => undefined,
        clock: systemClock,
      },
    );
    stopRetrying.abort();
    answer(1);
    expect(await settled).toEqual({ outcome: 'succeeded', attempts: 1 });
  });

  it.each([
    ['under way', 'never' as const, 0],
    ['between tries', throttled(), 1],
  ])('S2: abandoned %s, the report leaves its task lost', async (_, answer, failedTries) => {
    const { settled, abandon, failures } = setUp([answer], success);
    await vi.advanceTimersByTimeAsync(1);
    abandon.abort();
    expect(await settled).toEqual({ outcome: 'lost', reason: 'abandoned' });
    // The abort itself is no failure of the report.
    expect(failures).toHaveLength(failedTries);
  });
});
