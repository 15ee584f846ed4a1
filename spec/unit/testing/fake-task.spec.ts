import { TaskTimedOut } from '@aws-sdk/client-sfn';
import { describe, expect, test, vi } from 'vitest';
import { fakeSfn, named, settled } from '../../support/fake-sfn.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

describe('reports', () => {
  const closings: [
    string,
    (kit: ReturnType<typeof fakeSfn>, token?: string) => Promise<unknown>,
  ][] = [
    ['SendTaskSuccess', ({ succeed }, token) => succeed(token)],
    ['SendTaskFailure', ({ fail }, token) => fail(token, 'E', 'why')],
  ];

  async function handedOut(kit: ReturnType<typeof fakeSfn>, options = {}) {
    const outcome = kit.sfn.runTask('sum', 1, options);
    const { taskToken } = await kit.poll();
    return { outcome, taskToken };
  }

  test('a failure carries what it was given, or nothing', async () => {
    const kit = fakeSfn();
    const [first, second] = [await handedOut(kit), await handedOut(kit)];
    await kit.fail(first.taskToken, 'Oops', 'because');
    await kit.fail(second.taskToken);
    expect(await first.outcome).toStrictEqual({
      status: 'FAILED',
      error: 'Oops',
      cause: 'because',
    });
    expect(await second.outcome).toStrictEqual({ status: 'FAILED' });
  });

  test.each(closings)('a token closes once: %s', async (_, close) => {
    const kit = fakeSfn();
    const { taskToken, outcome } = await handedOut(kit);
    await close(kit, taskToken);
    const first = await outcome;
    for (const late of [kit.succeed, kit.fail, kit.beat]) {
      await expect(late(taskToken)).rejects.toBeInstanceOf(TaskTimedOut);
      await expect(late(taskToken)).rejects.toMatchObject({
        message: `Task Timed Out: '${kit.sfn.activityArn('sum')}'`,
      });
    }
    expect(await outcome).toBe(first);
  });

  test('tokens that were not issued here are invalid', async () => {
    const kit = fakeSfn();
    const { taskToken = '' } = await handedOut(fakeSfn());
    const { taskToken: own = '' } = await handedOut(kit);
    for (const token of ['made-up', taskToken, `${own}A`]) {
      for (const report of [kit.succeed, kit.fail, kit.beat]) {
        await expect(report(token)).rejects.toMatchObject({
          name: 'InvalidToken',
          message: "Invalid Token: 'Invalid token'",
        });
      }
    }
  });

  test('an output that is not JSON leaves the task open', async () => {
    const kit = fakeSfn();
    const { taskToken, outcome } = await handedOut(kit);
    for (const output of ['', 'hello', '{"a":1', "{'a':1}"]) {
      await expect(kit.succeed(taskToken, output)).rejects.toEqual(named('InvalidOutput'));
    }
    expect(kit.sfn.running()).toBe(1);
    await kit.fail(taskToken, 'Fallback');
    expect(await outcome).toEqual({ status: 'FAILED', error: 'Fallback' });
  });

  describe('clocks', () => {
    test('start when the task is handed out, and close it', async () => {
      const kit = fakeSfn();
      const outcome = kit.sfn.runTask('sum', 1, { timeoutSeconds: 0.25 });
      await vi.advanceTimersByTimeAsync(10_000);
      const { taskToken } = await kit.poll();
      await vi.advanceTimersByTimeAsync(249);
      expect(await settled(outcome)).toBe('pending');
      await vi.advanceTimersByTimeAsync(1);
      expect(await outcome).toEqual({ status: 'TIMED_OUT', error: 'States.Timeout' });
      await expect(kit.succeed(taskToken)).rejects.toEqual(named('TaskTimedOut'));
    });

    test('a heartbeat starts the heartbeat clock anew, not the other', async () => {
      const kit = fakeSfn();
      const { taskToken, outcome } = await handedOut(kit, {
        heartbeatSeconds: 2,
        timeoutSeconds: 9,
      });
      for (let beats = 0; beats < 4; beats += 1) {
        await vi.advanceTimersByTimeAsync(1_900);
        await kit.beat(taskToken);
      }
      await vi.advanceTimersByTimeAsync(1_399);
      expect(await settled(outcome)).toBe('pending');
      await vi.advanceTimersByTimeAsync(1);
      expect(await outcome).toEqual({ status: 'TIMED_OUT', error: 'States.Timeout' });
    });

    test('a missed heartbeat closes the task', async () => {
      const kit = fakeSfn();
      const { taskToken, outcome } = await handedOut(kit, { heartbeatSeconds: 2 });
      await vi.advanceTimersByTimeAsync(1_500);
      await kit.beat(taskToken);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(await outcome).toEqual({ status: 'TIMED_OUT', error: 'States.HeartbeatTimeout' });
      await expect(kit.beat(taskToken)).rejects.toEqual(named('TaskTimedOut'));
    });

    test('are longer than a timer of Node can be, if AWS allows it', async () => {
      const kit = fakeSfn();
      const { taskToken, outcome } = await handedOut(kit, { timeoutSeconds: 99_999_999 });
      expect(await settled(outcome)).toBe('pending');
      await kit.succeed(taskToken);
      expect(await outcome).toMatchObject({ status: 'SUCCEEDED' });
    });
  });

  test('a heartbeat of a task without HeartbeatSeconds is welcome', async () => {
    const kit = fakeSfn();
    const { taskToken } = await handedOut(kit);
    expect(await kit.beat(taskToken)).toEqual({ $metadata: expect.anything() as unknown });
  });
});
