import {
  ActivityAlreadyExists,
  ActivityDoesNotExist,
  CreateActivityCommand,
  DescribeActivityCommand,
  GetActivityTaskCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeSfn, startFakeSfnServer } from 'stepfunc-source/testing';
import type { TaskOutcome } from 'stepfunc-source/testing';

interface Answer {
  activityArn?: string;
  creationDate?: Date;
  taskToken?: string;
  input?: string;
  $metadata: object;
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  const timersLeft = vi.getTimerCount();
  vi.useRealTimers();
  expect(timersLeft).toBe(0);
});

function setUp(options?: ConstructorParameters<typeof FakeSfn>[0]) {
  const sfn = new FakeSfn(options);
  const create = (name = 'sum') => send(sfn, new CreateActivityCommand({ name }));
  const poll = (abortSignal?: AbortSignal, name = 'sum') =>
    send(sfn, new GetActivityTaskCommand({ activityArn: sfn.activityArn(name) }), abortSignal);
  const succeed = (taskToken?: string, output = '{}') =>
    send(sfn, new SendTaskSuccessCommand({ taskToken, output }));
  const fail = (taskToken?: string, error?: string, cause?: string) =>
    send(sfn, new SendTaskFailureCommand({ taskToken, error, cause }));
  const beat = (taskToken?: string) => send(sfn, new SendTaskHeartbeatCommand({ taskToken }));
  return { sfn, create, poll, succeed, fail, beat };
}

async function send(sfn: FakeSfn, command: object, abortSignal?: AbortSignal): Promise<Answer> {
  return (await sfn.send(command, abortSignal === undefined ? {} : { abortSignal })) as Answer;
}

/** What a promise has settled to, once everything that is due has run; `'pending'` if to nothing yet. */
async function settled<T>(promise: Promise<T>): Promise<T | 'pending' | Error> {
  let state: T | 'pending' | Error = 'pending';
  promise.then(
    (value) => (state = value),
    (error: unknown) => (state = error as Error),
  );
  await vi.advanceTimersByTimeAsync(0);
  return state;
}

/** A promise whose rejection is looked at later. */
function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

const named = (name: string): unknown => expect.objectContaining({ name }) as unknown;

describe('CreateActivity', () => {
  test('answers an ARN and a date, the same ones again', async () => {
    const { create } = setUp();
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
    const { create, sfn } = setUp({
      partition: 'aws-cn',
      region: 'cn-north-1',
      accountId: '210987654321',
    });
    const { activityArn } = await create('sum');
    expect(activityArn).toBe('arn:aws-cn:states:cn-north-1:210987654321:activity:sum');
    expect(sfn.activityArn('sum')).toBe(activityArn);
  });

  test('ignores other tags, refuses another encryption', async () => {
    const { sfn } = setUp();
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

describe('polls and tasks', () => {
  test('a task goes to the poll, its input byte for byte, its report to runTask', async () => {
    const { sfn, create, poll, succeed } = setUp();
    await create();
    const polled = poll();
    expect(sfn.openPolls('sum')).toBe(1);
    const outcome = sfn.runTask('sum', '{ "a":1,  "ü":"\\u00fc" }');
    const { taskToken, input } = await polled;
    expect(input).toBe('{ "a":1,  "ü":"\\u00fc" }');
    expect([sfn.openPolls('sum'), sfn.queued('sum'), sfn.running('sum')]).toEqual([0, 0, 1]);
    expect(await settled(outcome)).toBe('pending');
    await succeed(taskToken, ' 3 ');
    expect(await outcome).toEqual({ status: 'SUCCEEDED', output: ' 3 ' });
    expect(sfn.running()).toBe(0);
  });

  test('runTask creates the activity, stringifies values, and queues', async () => {
    const { sfn, poll } = setUp();
    void sfn.runTask('sum', { a: [1, null] });
    expect(sfn.queued('sum')).toBe(1);
    expect(sfn.queued('other')).toBe(0);
    expect(await poll()).toMatchObject({ input: '{"a":[1,null]}' });
    expect(sfn.queued()).toBe(0);
  });

  test('both queues are first in, first out', async () => {
    const { sfn, create, poll } = setUp();
    void sfn.runTask('sum', 1);
    void sfn.runTask('sum', 2);
    await create();
    expect(await poll()).toMatchObject({ input: '1' });
    expect(await poll()).toMatchObject({ input: '2' });
    const polls = [poll(), poll(), poll()];
    for (const input of [3, 4, 5]) void sfn.runTask('sum', input);
    expect((await Promise.all(polls)).map(({ input }) => input)).toEqual(['3', '4', '5']);
  });

  test('activities keep their tasks apart', async () => {
    const { sfn, create, poll } = setUp();
    await create('a');
    await create('b');
    const [a, b] = [poll(undefined, 'a'), poll(undefined, 'b')];
    void sfn.runTask('b', '"for b"');
    expect(await b).toMatchObject({ input: '"for b"' });
    expect(await settled(a)).toBe('pending');
    expect([sfn.openPolls('a'), sfn.openPolls('b'), sfn.openPolls()]).toEqual([1, 0, 1]);
    void sfn.runTask('a', 1);
    await a;
  });

  test.each([
    ['by default', undefined, 1_000],
    ['as long as told', 60_000, 60_000],
  ])('an empty poll is held %s', async (_, longPollMs, heldMs) => {
    const { create, poll } = setUp(longPollMs === undefined ? {} : { longPollMs });
    await create();
    const polled = poll();
    await vi.advanceTimersByTimeAsync(heldMs - 1);
    expect(await settled(polled)).toBe('pending');
    await vi.advanceTimersByTimeAsync(1);
    expect(await settled(polled)).toEqual({ $metadata: expect.anything() as unknown });
  });

  test('"no task" can be the empty string, as the SDK lets it through', async () => {
    const { create, poll } = setUp({ noTask: 'empty', longPollMs: 0 });
    await create();
    const polled = poll();
    await vi.advanceTimersByTimeAsync(1);
    expect(await polled).toMatchObject({ taskToken: '' });
  });

  test('a task that comes just as the poll ends is not lost', async () => {
    const { sfn, create, poll } = setUp();
    await create();
    const polled = poll();
    vi.advanceTimersByTime(1_000);
    void sfn.runTask('sum', 1);
    await polled;
    expect(sfn.queued() + sfn.running()).toBe(1);
  });

  test('more open polls than allowed answer ActivityWorkerLimitExceeded', async () => {
    const { sfn, create, poll } = setUp({ maxOpenPolls: 2 });
    await create();
    const aborter = new AbortController();
    const aborted = later(poll(aborter.signal));
    const live = poll();
    await expect(poll()).rejects.toEqual(named('ActivityWorkerLimitExceeded'));
    aborter.abort();
    // AWS still holds it.
    await expect(poll()).rejects.toEqual(named('ActivityWorkerLimitExceeded'));
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    await live;
    const again = [poll(), poll()];
    expect(sfn.openPolls()).toBe(2);
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all(again);
  });

  test('a deleted activity does not exist, until it is created anew', async () => {
    const { sfn, create, poll } = setUp();
    await expect(poll()).rejects.toBeInstanceOf(ActivityDoesNotExist);
    const { creationDate } = await create();
    sfn.deleteActivity('sum');
    await expect(poll()).rejects.toMatchObject({
      name: 'ActivityDoesNotExist',
      message: "Activity Does Not Exist: 'arn:aws:states:us-east-1:123456789012:activity:sum'",
      $fault: 'client',
      $metadata: { httpStatusCode: 400 },
    });
    await vi.advanceTimersByTimeAsync(10);
    expect((await create()).creationDate).not.toEqual(creationDate);
    void sfn.runTask('sum', 1);
    expect(await poll()).toMatchObject({ input: '1' });
  });
});

describe('aborted polls', () => {
  test('reject as the SDK does and still swallow a task', async () => {
    const { sfn, create, poll, succeed } = setUp();
    await create();
    const aborter = new AbortController();
    const aborted = poll(aborter.signal);
    const live = poll();
    aborter.abort(new Error('stopping'));
    await expect(aborted).rejects.toMatchObject({
      name: 'AbortError',
      message: 'Request aborted',
    });
    expect(sfn.openPolls()).toBe(1);
    expect(getEventListeners(aborter.signal, 'abort')).toEqual([]);
    const lost = sfn.runTask('sum', '"lost"', { timeoutSeconds: 7 });
    const kept = sfn.runTask('sum', '"kept"');
    const { input, taskToken } = await live;
    expect(input).toBe('"kept"');
    expect(sfn.running()).toBe(2);
    await succeed(taskToken);
    expect(await kept).toMatchObject({ status: 'SUCCEEDED' });
    await vi.advanceTimersByTimeAsync(6_999);
    expect(await settled(lost)).toBe('pending');
    await vi.advanceTimersByTimeAsync(1);
    expect(await lost).toEqual({ status: 'TIMED_OUT', error: 'States.Timeout' });
  });

  test('swallow none after the time that the poll would have been held', async () => {
    const { sfn, create, poll } = setUp();
    await create();
    const aborter = new AbortController();
    const aborted = later(poll(aborter.signal));
    await vi.advanceTimersByTimeAsync(400);
    aborter.abort();
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    await vi.advanceTimersByTimeAsync(600);
    void sfn.runTask('sum', 1);
    expect([sfn.queued(), sfn.running()]).toEqual([1, 0]);
  });

  test('swallow none where the option says so', async () => {
    const { sfn, create, poll } = setUp({ loseTasksOfAbortedPolls: false });
    await create();
    const aborter = new AbortController();
    const aborted = later(poll(aborter.signal));
    aborter.abort();
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    void sfn.runTask('sum', 1);
    expect([sfn.queued(), sfn.running()]).toEqual([1, 0]);
  });

  test('were never sent where the signal had aborted before', async () => {
    const { sfn, create, poll } = setUp();
    await create();
    void sfn.runTask('sum', 1);
    await expect(poll(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    expect(sfn.calls('GetActivityTask')).toBe(0);
    expect(sfn.queued()).toBe(1);
  });
});

describe('reports', () => {
  const closings: [string, (kit: ReturnType<typeof setUp>, token?: string) => Promise<unknown>][] =
    [
      ['SendTaskSuccess', ({ succeed }, token) => succeed(token)],
      ['SendTaskFailure', ({ fail }, token) => fail(token, 'E', 'why')],
    ];

  async function handedOut(kit: ReturnType<typeof setUp>, options = {}) {
    const outcome = kit.sfn.runTask('sum', 1, options);
    const { taskToken } = await kit.poll();
    return { outcome, taskToken };
  }

  test('a failure carries what it was given, or nothing', async () => {
    const kit = setUp();
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
    const kit = setUp();
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
    const kit = setUp();
    const { taskToken = '' } = await handedOut(setUp());
    const { taskToken: own = '' } = await handedOut(kit);
    const decoded = Buffer.from(own, 'base64').toString();
    const forged = Buffer.from(decoded.replace(' 1 ', ' 2 ')).toString('base64');
    for (const token of ['made-up', taskToken, forged, `${own}A`, own.slice(1)]) {
      for (const report of [kit.succeed, kit.fail, kit.beat]) {
        await expect(report(token)).rejects.toMatchObject({
          name: 'InvalidToken',
          message: "Invalid Token: 'Invalid token'",
        });
      }
    }
  });

  test('an output that is not JSON leaves the task open', async () => {
    const kit = setUp();
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
      const kit = setUp();
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
      const kit = setUp();
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
      const kit = setUp();
      const { taskToken, outcome } = await handedOut(kit, { heartbeatSeconds: 2 });
      await vi.advanceTimersByTimeAsync(1_500);
      await kit.beat(taskToken);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(await outcome).toEqual({ status: 'TIMED_OUT', error: 'States.HeartbeatTimeout' });
      await expect(kit.beat(taskToken)).rejects.toEqual(named('TaskTimedOut'));
    });

    test('are longer than a timer of Node can be, where AWS allows it', async () => {
      const kit = setUp();
      const { taskToken, outcome } = await handedOut(kit, { timeoutSeconds: 99_999_999 });
      expect(await settled(outcome)).toBe('pending');
      await kit.succeed(taskToken);
      expect(await outcome).toMatchObject({ status: 'SUCCEEDED' });
    });
  });

  test('a heartbeat of a task without HeartbeatSeconds is welcome', async () => {
    const kit = setUp();
    const { taskToken } = await handedOut(kit);
    expect(await kit.beat(taskToken)).toEqual({ $metadata: expect.anything() as unknown });
  });
});

describe("runTask's signal", () => {
  test('takes a queued task back', async () => {
    const { sfn } = setUp();
    const aborter = new AbortController();
    const outcome = sfn.runTask('sum', 1, { signal: aborter.signal });
    aborter.abort();
    expect(await outcome).toEqual({ status: 'ABORTED' });
    expect(sfn.queued()).toBe(0);
    expect(await sfn.runTask('sum', 1, { signal: aborter.signal })).toEqual({ status: 'ABORTED' });
  });

  test('closes a running one', async () => {
    const { sfn, poll, succeed } = setUp();
    const aborter = new AbortController();
    const outcome = sfn.runTask('sum', 1, { signal: aborter.signal, timeoutSeconds: 60 });
    const { taskToken } = await poll();
    aborter.abort();
    expect(await outcome).toEqual({ status: 'ABORTED' });
    await expect(succeed(taskToken)).rejects.toEqual(named('TaskTimedOut'));
  });

  test('may be shared by many tasks, and keeps no listener', async () => {
    const { sfn, poll, succeed } = setUp();
    const { signal } = new AbortController();
    const outcomes: Promise<TaskOutcome>[] = [];
    for (let i = 0; i < 20; i += 1) outcomes.push(sfn.runTask('sum', i, { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (let i = 0; i < 20; i += 1) await succeed((await poll()).taskToken);
    await Promise.all(outcomes);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('what it is given', () => {
  test.each([
    ['a string that is not JSON', 'hello', 'InvalidExecutionInput'],
    ['too much', 'x'.padEnd(262_144, 'x').replace(/^x|x$/g, '"') + ' ', 'ValidationException'],
    ['nothing', undefined, 'TypeError'],
    ['a function', () => 1, 'TypeError'],
  ])('runTask refuses %s', async (_, input, name) => {
    const { sfn } = setUp();
    await expect(sfn.runTask('sum', input)).rejects.toEqual(named(name));
    expect(sfn.queued()).toBe(0);
  });

  test('runTask refuses a name that AWS would, and clocks that make no sense', async () => {
    const { sfn } = setUp();
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
    const { sfn } = setUp();
    const other = new DescribeActivityCommand({ activityArn: 'arn' });
    await expect(sfn.send(other)).rejects.toThrow(
      /expected a CreateActivityCommand.*got DescribeActivityCommand/,
    );
    await expect(sfn.send({ name: 'sum' })).rejects.toThrow(TypeError);
    expect(sfn.calls()).toBe(0);
  });

  test('options that make no sense are refused', () => {
    expect(() => new FakeSfn({ longPollMs: -1 })).toThrow('longPollMs: expected a number >= 0');
    expect(() => new FakeSfn({ maxOpenPolls: NaN })).toThrow(RangeError);
    expect(() => new FakeSfn({ noTask: 'nothing' as never })).toThrow(/^noTask: expected 'null'/);
    expect(() => new FakeSfn(null as never)).toThrow(/^FakeSfn: expected options to be an object/);
  });

  test('options that nobody knows are refused, and the one that was meant is named', async () => {
    const slip = { longPolMs: 5 } as never;
    const words = 'unknown option "longPolMs"; did you mean longPollMs?';
    expect(() => new FakeSfn(slip)).toThrow(`FakeSfn: ${words}`);
    await expect(startFakeSfnServer(slip)).rejects.toThrow(`startFakeSfnServer: ${words}`);
    await expect(new FakeSfn().runTask('a', 1, { timeout: 5 } as never)).rejects.toThrow(
      'FakeSfn.runTask: unknown option "timeout"; did you mean timeoutSeconds?',
    );
  });

  test('calls are counted by operation', async () => {
    const { sfn, create, fail } = setUp();
    await create();
    await create();
    await settled(fail('x'));
    expect([sfn.calls('CreateActivity'), sfn.calls('SendTaskFailure'), sfn.calls()]).toEqual([
      2, 1, 3,
    ]);
  });
});
