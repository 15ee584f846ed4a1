import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import { ActivityError, createActivity } from '../../../lib/sfn/activity-arn.js';
import { awsError, fakeCalls } from '../../support/fake-calls.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

interface Call {
  name: string;
  signal: AbortSignal;
  answer(arn: string): void;
  fail(error: unknown): void;
}

/** An activity whose CreateActivity calls are answered when the test says so. */
function setUp(givenArn?: string) {
  const calls: Call[] = [];
  const session = new AbortController();
  const sfn = fakeCalls([], {
    createActivity: (name, signal) =>
      new Promise((answer, fail) => calls.push({ name, signal, answer, fail })),
  });
  const activity = createActivity(sfn, 'sum', givenArn, session.signal, systemClock);
  const call = (index: number): Call => {
    const made = calls[index];
    if (made === undefined) throw new Error(`there was no call ${index}`);
    return made;
  };
  return { activity, calls, call, session };
}

const asker = () => new AbortController();
const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

describe('createActivity', () => {
  it('asks CreateActivity by name once, and knows the ARN from then on', async () => {
    const { activity, calls, call } = setUp();
    expect(activity.known()).toBeUndefined();
    const first = activity.arn(asker().signal);
    call(0).answer('arn-1');
    expect(await first).toBe('arn-1');
    expect(await activity.arn(asker().signal)).toBe('arn-1');
    expect(activity.known()).toBe('arn-1');
    expect(calls.map(({ name }) => name)).toEqual(['sum']);
  });

  it('P2: whoever asks while an answer is under way gets that one', async () => {
    const { activity, calls, call } = setUp();
    const asked = [asker(), asker(), asker()].map(({ signal }) => activity.arn(signal));
    call(0).answer('arn-1');
    expect(await Promise.all(asked)).toEqual(['arn-1', 'arn-1', 'arn-1']);
    expect(calls).toHaveLength(1);
  });

  it('P2: once the ARN is forgotten, the next to ask asks again, and only the next', async () => {
    const { activity, calls, call } = setUp();
    const first = activity.arn(asker().signal);
    call(0).answer('arn-1');
    await first;
    activity.forget('arn-1');
    expect(activity.known()).toBeUndefined();
    expect(calls).toHaveLength(1);
    const again = [asker(), asker()].map(({ signal }) => activity.arn(signal));
    call(1).answer('arn-2');
    expect(await Promise.all(again)).toEqual(['arn-2', 'arn-2']);
    expect(calls).toHaveLength(2);
  });

  it('P2: a late complaint about a former ARN leaves the present one alone', async () => {
    const { activity, calls, call } = setUp();
    const first = activity.arn(asker().signal);
    call(0).answer('arn-1');
    await first;
    activity.forget('arn-1');
    const second = activity.arn(asker().signal);
    // One more poll with the former ARN comes back while the new one is asked for.
    activity.forget('arn-1');
    call(1).answer('arn-2');
    await second;
    activity.forget('arn-1');
    expect(activity.known()).toBe('arn-2');
    expect(await activity.arn(asker().signal)).toBe('arn-2');
    expect(calls).toHaveLength(2);
  });

  it('P2: an ARN that was given is never asked for, nor forgotten', async () => {
    const { activity, calls } = setUp('arn-given');
    expect(activity.known()).toBe('arn-given');
    expect(await activity.arn(asker().signal)).toBe('arn-given');
    activity.forget('arn-given');
    expect(await activity.arn(asker().signal)).toBe('arn-given');
    expect(calls).toEqual([]);
  });

  it('an asker that aborts is let go at once, and the others get their answer', async () => {
    const { activity, calls, call } = setUp();
    const [leaving, staying] = [asker(), asker()];
    const [left, stayed] = [activity.arn(leaving.signal), activity.arn(staying.signal)];
    leaving.abort();
    await expect(left).rejects.toMatchObject({ name: 'AbortError' });
    expect(call(0).signal.aborted).toBe(false);
    call(0).answer('arn-1');
    expect(await stayed).toBe('arn-1');
    expect(calls).toHaveLength(1);
    expect([leaving, staying].map(({ signal }) => listeners(signal))).toEqual([0, 0]);
  });

  it('a response that no caller waits for is kept for the next to ask', async () => {
    const { activity, calls, call } = setUp();
    const leaving = asker();
    const left = activity.arn(leaving.signal);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ name: 'AbortError' });
    call(0).answer('arn-1');
    await vi.advanceTimersByTimeAsync(0);
    expect(activity.known()).toBe('arn-1');
    expect(await activity.arn(asker().signal)).toBe('arn-1');
    expect(calls).toHaveLength(1);
  });

  it('a failure is an ActivityError that says what to do, with its cause', async () => {
    const { activity, call } = setUp();
    const asked = activity.arn(asker().signal);
    const cause = awsError('AccessDeniedException', { cause: new Error('no such policy') });
    call(0).fail(cause);
    const error: unknown = await asked.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ActivityError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'ActivityError', cause });
    expect((error as ActivityError).message).toBe(
      "The ARN of activity 'sum' could not be had: CreateActivity ended in " +
        'the message of AccessDeniedException <- no such policy. ' +
        'Allow the permission states:CreateActivity, or the one named there, or give ' +
        'config.activityArn to do without it.',
    );
  });

  it('a failure rejects for all who wait for it, and the next to ask asks again', async () => {
    const { activity, call, session } = setUp();
    const asked = [asker(), asker()].map(({ signal }) => activity.arn(signal));
    const cause = awsError('ThrottlingException');
    call(0).fail(cause);
    for (const one of asked) await expect(one).rejects.toMatchObject({ cause });
    const next = activity.arn(asker().signal);
    call(1).answer('arn-1');
    expect(await next).toBe('arn-1');
    expect(listeners(session.signal)).toBe(0);
  });

  it('a failure that comes after every caller has left rejects nowhere', async () => {
    const { activity, call } = setUp();
    const leaving = asker();
    const left = activity.arn(leaving.signal);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ name: 'AbortError' });
    // Were it unhandled, the test runner would fail this file.
    call(0).fail(awsError('ThrottlingException'));
    await vi.advanceTimersByTimeAsync(0);
    expect(activity.known()).toBeUndefined();
  });

  it('an answer that does not come within 60 s is a failure, and its call is aborted', async () => {
    const { activity, call } = setUp();
    const asked = activity.arn(asker().signal);
    const onRejected = vi.fn();
    asked.catch(onRejected);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(onRejected).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await expect(asked).rejects.toMatchObject({
      name: 'ActivityError',
      cause: { name: 'TimeoutError' },
    });
    expect(call(0).signal.aborted).toBe(true);
  });

  it('S3: the end of the source ends the call, as an abort and not as a failure', async () => {
    const { activity, call, session } = setUp();
    const waiting = asker();
    const asked = activity.arn(waiting.signal);
    expect(listeners(session.signal)).toBe(1);
    session.abort();
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    expect(call(0).signal.aborted).toBe(true);
    expect(listeners(session.signal)).toBe(0);
    expect(listeners(waiting.signal)).toBe(0);
  });

  it('after the end of the source nothing is asked', async () => {
    const { activity, calls, session } = setUp();
    session.abort();
    await expect(activity.arn(asker().signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(calls).toEqual([]);
  });
});
