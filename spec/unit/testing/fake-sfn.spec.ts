import {
  ActivityAlreadyExists,
  CreateActivityCommand,
  DescribeActivityCommand,
} from '@aws-sdk/client-sfn';
import { getEventListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { FakeSfn, startFakeSfnServer } from 'stepfunc-source/testing';
import type { TaskOutcome } from 'stepfunc-source/testing';
import { fakeSfn, named, send, settled } from '../../support/fake-sfn.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

describe('CreateActivity', () => {
  test('answers an ARN and a date, the same ones again', async () => {
    const { create } = fakeSfn();
    const first = await create();
    expect(first.activityArn).toBe('arn:aws:states:us-east-1:123456789012:activity:sum');
    expect(first.creationDate).toBeInstanceOf(Date);
    expect(first.$metadata).toMatchObject({ httpStatusCode: 200, attempts: 1 });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await create()).toMatchObject({
      activityArn: first.activityArn,
      creationDate: first.creationDate,
    });
  });

  test('takes partition, region and account from the options', async () => {
    const { create, sfn } = fakeSfn({
      partition: 'aws-cn',
      region: 'cn-north-1',
      accountId: '210987654321',
    });
    const { activityArn } = await create('sum');
    expect(activityArn).toBe('arn:aws-cn:states:cn-north-1:210987654321:activity:sum');
    expect(sfn.activityArn('sum')).toBe(activityArn);
  });

  test('ignores other tags, refuses another encryption', async () => {
    const { sfn } = fakeSfn();
    const input = { name: 'sum', tags: [{ key: 'a', value: 'b' }] };
    await send(sfn, new CreateActivityCommand(input));
    await send(sfn, new CreateActivityCommand({ name: 'sum', tags: [] }));
    const other = new CreateActivityCommand({
      name: 'sum',
      encryptionConfiguration: { type: 'CUSTOMER_MANAGED_KMS_KEY', kmsKeyId: 'k' },
    });
    await expect(send(sfn, other)).rejects.toBeInstanceOf(ActivityAlreadyExists);
  });
});

describe('what it is given', () => {
  test('runTask refuses an input that StartExecution would', async () => {
    const { sfn } = fakeSfn();
    await expect(sfn.runTask('sum', 'hello')).rejects.toEqual(named('InvalidExecutionInput'));
    expect(sfn.queued()).toBe(0);
  });

  test('runTask refuses a name that AWS would, and clocks that make no sense', async () => {
    const { sfn } = fakeSfn();
    await expect(sfn.runTask('a b', 1)).rejects.toEqual(named('InvalidName'));
    await expect(sfn.runTask('', 1)).rejects.toEqual(named('ValidationException'));
    for (const seconds of [0, -1, NaN]) {
      await expect(sfn.runTask('sum', 1, { timeoutSeconds: seconds })).rejects.toThrow(
        'timeoutSeconds: expected a number > 0',
      );
      await expect(sfn.runTask('sum', 1, { heartbeatSeconds: seconds })).rejects.toThrow(
        'heartbeatSeconds: expected a number > 0',
      );
    }
  });

  test('send takes the five commands and says so', async () => {
    const { sfn } = fakeSfn();
    const other = new DescribeActivityCommand({ activityArn: 'arn' });
    await expect(sfn.send(other)).rejects.toThrow(
      /expected a CreateActivityCommand.*got DescribeActivityCommand/,
    );
    await expect(sfn.send({ name: 'sum' })).rejects.toThrow(TypeError);
    expect(sfn.calls()).toBe(0);
  });

  test('unknown options are refused, and the one that was meant is named', async () => {
    const slip = { longPolMs: 5 } as never;
    const words = 'unknown option "longPolMs"; did you mean longPollMs?';
    expect(() => new FakeSfn(slip)).toThrow(`FakeSfn: ${words}`);
    await expect(startFakeSfnServer(slip)).rejects.toThrow(`startFakeSfnServer: ${words}`);
    await expect(new FakeSfn().runTask('a', 1, { timeout: 5 } as never)).rejects.toThrow(
      'FakeSfn.runTask: unknown option "timeout"; did you mean timeoutSeconds?',
    );
  });

  test('calls are counted by operation', async () => {
    const { sfn, create, fail } = fakeSfn();
    await create();
    await create();
    await settled(fail('x'));
    expect([sfn.calls('CreateActivity'), sfn.calls('SendTaskFailure'), sfn.calls()]).toEqual([
      2, 1, 3,
    ]);
  });
});

describe("runTask's signal", () => {
  test('takes a queued task back', async () => {
    const { sfn } = fakeSfn();
    const aborter = new AbortController();
    const outcome = sfn.runTask('sum', 1, { signal: aborter.signal });
    aborter.abort();
    expect(await outcome).toEqual({ status: 'ABORTED' });
    expect(sfn.queued()).toBe(0);
    expect(await sfn.runTask('sum', 1, { signal: aborter.signal })).toEqual({ status: 'ABORTED' });
  });

  test('closes a running one', async () => {
    const { sfn, poll, succeed } = fakeSfn();
    const aborter = new AbortController();
    const outcome = sfn.runTask('sum', 1, { signal: aborter.signal, timeoutSeconds: 60 });
    const { taskToken } = await poll();
    aborter.abort();
    expect(await outcome).toEqual({ status: 'ABORTED' });
    await expect(succeed(taskToken)).rejects.toEqual(named('TaskTimedOut'));
  });

  test('may be shared by many tasks, and keeps no listener', async () => {
    const { sfn, poll, succeed } = fakeSfn();
    const { signal } = new AbortController();
    const outcomes: Promise<TaskOutcome>[] = [];
    for (let i = 0; i < 20; i += 1) outcomes.push(sfn.runTask('sum', i, { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (let i = 0; i < 20; i += 1) await succeed((await poll()).taskToken);
    await Promise.all(outcomes);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
