import {
  CreateActivityCommand,
  GetActivityTaskCommand,
  SendTaskSuccessCommand,
} from '@aws-sdk/client-sfn';
import { describe, expect, test, vi } from 'vitest';
import { FakeSfn } from 'stepfunc-source/testing';
import type { Fault } from 'stepfunc-source/testing';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

const create = (sfn: FakeSfn, name = 'sum') => sfn.send(new CreateActivityCommand({ name }));
const poll = (sfn: FakeSfn, abortSignal = new AbortController().signal) =>
  sfn.send(new GetActivityTaskCommand({ activityArn: sfn.activityArn('sum') }), { abortSignal });

describe('which calls', () => {
  test('one by default', async () => {
    const sfn = new FakeSfn();
    sfn.fault({ kind: 'throttling' });
    await expect(create(sfn)).rejects.toMatchObject({ name: 'ThrottlingException' });
    await expect(create(sfn)).resolves.toBeDefined();
  });

  test('so many, in the order in which the faults were set', async () => {
    const sfn = new FakeSfn();
    sfn.fault({ kind: 'throttling', times: 2 });
    sfn.fault({ kind: 'reset' });
    const seen: unknown[] = [];
    for (let i = 0; i < 4; i += 1) {
      seen.push(
        await create(sfn).then(
          () => 'ok',
          (error: unknown) => (error as Error).name,
        ),
      );
    }
    expect(seen).toEqual(['ThrottlingException', 'ThrottlingException', 'Error', 'ok']);
    expect(sfn.calls('CreateActivity')).toBe(4);
  });

  test('for ever, until removed', async () => {
    const sfn = new FakeSfn();
    const remove = sfn.fault({ kind: 'empty500', times: Infinity });
    for (let i = 0; i < 20; i += 1) await expect(create(sfn)).rejects.toThrow('UnknownError');
    remove();
    await expect(create(sfn)).resolves.toBeDefined();
    remove();
  });

  test('of one operation, or several, or those that a function picks', async () => {
    const sfn = new FakeSfn({ longPollMs: 0 });
    await create(sfn);
    sfn.fault({ kind: 'throttling', operation: 'SendTaskSuccess' });
    sfn.fault({ kind: 'reset', operation: ['SendTaskFailure', 'GetActivityTask'] });
    sfn.fault({ kind: 'html502', when: ({ name }) => name === 'other' });
    await expect(create(sfn)).resolves.toBeDefined();
    await expect(poll(sfn)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(create(sfn, 'other')).rejects.toBeInstanceOf(SyntaxError);
    await expect(
      sfn.send(new SendTaskSuccessCommand({ taskToken: 't', output: '1' })),
    ).rejects.toMatchObject({ name: 'ThrottlingException' });
  });
});

describe('what goes wrong', () => {
  test.each<[Fault, object]>([
    [
      { kind: 'throttling' },
      { name: 'ThrottlingException', $fault: 'client', $metadata: { httpStatusCode: 400 } },
    ],
    [
      { kind: 'serverError' },
      { name: 'InternalFailure', $fault: 'server', $metadata: { httpStatusCode: 500 } },
    ],
    [
      { kind: 'serverError', status: 503 },
      { name: 'ServiceUnavailable', $metadata: { httpStatusCode: 503 } },
    ],
    [{ kind: 'html502' }, { name: 'SyntaxError', $metadata: { httpStatusCode: 502 } }],
    [{ kind: 'empty500' }, { name: 'Unknown', $metadata: { httpStatusCode: 500 } }],
    [{ kind: 'reset' }, { name: 'Error', code: 'ECONNRESET', $metadata: { attempts: 1 } }],
    [{ kind: 'lostAnswer' }, { name: 'Error', code: 'ECONNRESET', $metadata: { attempts: 1 } }],
    [
      { kind: 'error', name: 'KmsAccessDeniedException', message: 'no key' },
      { name: 'KmsAccessDeniedException', message: 'no key', $metadata: { httpStatusCode: 400 } },
    ],
    [
      { kind: 'error', name: 'AccessDeniedException', status: 403 },
      { name: 'AccessDeniedException', $metadata: { httpStatusCode: 403 } },
    ],
  ])('%j', async (fault, expected) => {
    const sfn = new FakeSfn();
    sfn.fault(fault);
    await expect(create(sfn)).rejects.toMatchObject(expected);
    expect(sfn.calls()).toBe(1);
  });

  test('a reset has no effect, a lost answer has', async () => {
    const sfn = new FakeSfn();
    const outcome = sfn.runTask('sum', 1);
    const { taskToken } = (await poll(sfn)) as { taskToken: string };
    const report = new SendTaskSuccessCommand({ taskToken, output: '1' });
    sfn.fault({ kind: 'reset' });
    await expect(sfn.send(report)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(sfn.running()).toBe(1);
    sfn.fault({ kind: 'lostAnswer' });
    await expect(sfn.send(report)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await outcome).toEqual({ status: 'SUCCEEDED', output: '1' });
    await expect(sfn.send(report)).rejects.toMatchObject({ name: 'TaskTimedOut' });
  });

  test("a poll's lost answer waits for a task, and loses it", async () => {
    const sfn = new FakeSfn();
    await create(sfn);
    sfn.fault({ kind: 'lostAnswer' });
    const polled = poll(sfn);
    const seen = vi.fn();
    polled.catch(seen);
    await vi.advanceTimersByTimeAsync(500);
    expect(seen).not.toHaveBeenCalled();
    const outcome = sfn.runTask('sum', 1, { timeoutSeconds: 1 });
    await expect(polled).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(sfn.running()).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcome).toMatchObject({ status: 'TIMED_OUT' });
  });

  test('latency comes before the effect, and beside another fault', async () => {
    const sfn = new FakeSfn();
    sfn.fault({ kind: 'latency', ms: 300 });
    sfn.fault({ kind: 'throttling' });
    sfn.fault({ kind: 'latency', ms: 200 });
    const seen = vi.fn();
    create(sfn).catch(seen);
    await vi.advanceTimersByTimeAsync(499);
    expect(seen).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(seen).toHaveBeenCalledWith(expect.objectContaining({ name: 'ThrottlingException' }));
    await expect(create(sfn)).resolves.toBeDefined();
  });

  test.each<Fault>([{ kind: 'hang' }, { kind: 'latency', ms: 60_000 }])(
    '%j ends when the caller aborts, without an effect',
    async (fault) => {
      const sfn = new FakeSfn();
      void sfn.runTask('sum', 1);
      sfn.fault(fault);
      const aborter = new AbortController();
      const polled = poll(sfn, aborter.signal);
      await vi.advanceTimersByTimeAsync(30_000);
      aborter.abort();
      await expect(polled).rejects.toMatchObject({ name: 'AbortError' });
      expect([sfn.queued(), sfn.running()]).toEqual([1, 0]);
    },
  );
});

test.each<[object, string]>([
  [{ kind: 'thunder' }, 'fault.kind: expected one of throttling, serverError,'],
  [{ kind: 'reset', times: 0 }, 'fault.times: expected a whole number >= 1 or Infinity; got 0'],
  [{ kind: 'reset', times: 1.5 }, 'got 1.5'],
  [{ kind: 'latency' }, 'fault.ms: expected milliseconds >= 0; got undefined'],
  [{ kind: 'error' }, 'fault.name: expected the name of an AWS error'],
])('a fault that makes no sense is refused: %j', (fault, message) => {
  expect(() => new FakeSfn().fault(fault as Fault)).toThrow(message);
});
