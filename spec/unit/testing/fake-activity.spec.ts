import { ActivityDoesNotExist } from '@aws-sdk/client-sfn';
import { getEventListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { fakeSfn, later, named, settled } from '../../support/fake-sfn.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

describe('polls and tasks', () => {
  test('a task goes to the poll, its input byte for byte, its report to runTask', async () => {
    const { sfn, create, poll, succeed } = fakeSfn();
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
    const { sfn, poll } = fakeSfn();
    void sfn.runTask('sum', { a: [1, null] });
    expect(sfn.queued('sum')).toBe(1);
    expect(sfn.queued('other')).toBe(0);
    expect(await poll()).toMatchObject({ input: '{"a":[1,null]}' });
    expect(sfn.queued()).toBe(0);
  });

  test('both queues are first in, first out', async () => {
    const { sfn, create, poll } = fakeSfn();
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
    const { sfn, create, poll } = fakeSfn();
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
    ['as long as the option says', 60_000, 60_000],
  ])('an empty poll is held %s', async (_, longPollMs, heldMs) => {
    const { create, poll } = fakeSfn(longPollMs === undefined ? {} : { longPollMs });
    await create();
    const polled = poll();
    await vi.advanceTimersByTimeAsync(heldMs - 1);
    expect(await settled(polled)).toBe('pending');
    await vi.advanceTimersByTimeAsync(1);
    expect(await settled(polled)).toEqual({ $metadata: expect.anything() as unknown });
  });

  test('"no task" can be the empty string, as the SDK lets it through', async () => {
    const { create, poll } = fakeSfn({ noTask: 'empty', longPollMs: 0 });
    await create();
    const polled = poll();
    await vi.advanceTimersByTimeAsync(1);
    expect(await polled).toMatchObject({ taskToken: '' });
  });

  test('a task that comes just as the poll ends is not lost', async () => {
    const { sfn, create, poll } = fakeSfn();
    await create();
    const polled = poll();
    vi.advanceTimersByTime(1_000);
    void sfn.runTask('sum', 1);
    await polled;
    expect(sfn.queued() + sfn.running()).toBe(1);
  });

  test('more open polls than allowed answer ActivityWorkerLimitExceeded', async () => {
    const { sfn, create, poll } = fakeSfn({ maxOpenPolls: 2 });
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
    const { sfn, create, poll } = fakeSfn();
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
    const { sfn, create, poll, succeed } = fakeSfn();
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
    const { sfn, create, poll } = fakeSfn();
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

  test('swallow none if the option says so', async () => {
    const { sfn, create, poll } = fakeSfn({ loseTasksOfAbortedPolls: false });
    await create();
    const aborter = new AbortController();
    const aborted = later(poll(aborter.signal));
    aborter.abort();
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    void sfn.runTask('sum', 1);
    expect([sfn.queued(), sfn.running()]).toEqual([1, 0]);
  });

  test('were never sent if the signal had aborted before', async () => {
    const { sfn, create, poll } = fakeSfn();
    await create();
    void sfn.runTask('sum', 1);
    await expect(poll(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    expect(sfn.calls('GetActivityTask')).toBe(0);
    expect(sfn.queued()).toBe(1);
  });
});
