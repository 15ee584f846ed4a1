import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import { createShutdown } from '../../../lib/async/shutdown.js';
import { createStepFuncSource } from '../../../lib/index.js';
import { createRunningTasks } from '../../../lib/observe/running-tasks.js';
import { createActivityPoller } from '../../../lib/polling/activity-poller.js';
import type { Poller } from '../../../lib/polling/poller.js';
import type { Sfn } from '../../../lib/sfn/api.js';
import { noAttributes } from '../../../lib/task/task-attributes.js';
import { FakeSfn } from '../../../lib/testing/index.js';
import {
  answer,
  config,
  fine,
  never,
  setUp,
  settle,
  stopped,
} from '../../support/source-on-fake.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

describe('polling', () => {
  it('P1: emits a failed poll, backs off, and goes on', async () => {
    const { sfn, source } = setUp();
    const failed = vi.fn();
    source.on('pollFailed', failed);
    await source.start();
    sfn.fault({ kind: 'throttling', operation: 'GetActivityTask', times: 3 });
    await vi.advanceTimersByTimeAsync(60_000 + 20_000);
    expect(failed.mock.calls.length).toBe(3);
    expect(failed.mock.calls[0]).toEqual([
      {
        activityName: 'sum',
        poller: 0,
        error: 'ThrottlingException',
        message: 'Rate exceeded',
        requestId: expect.stringMatching(/^[\da-f-]{36}$/) as unknown,
        retryInMs: expect.any(Number) as unknown,
      },
    ]);
    expect(await sfn.runTask('sum', {})).toMatchObject({ status: 'SUCCEEDED' });
    await stopped(source);
  });

  it('P1: a poll without a response ends after 70 s', async () => {
    const { sfn, source } = setUp();
    sfn.fault({ kind: 'hang', operation: 'GetActivityTask' });
    const failed = vi.fn();
    source.on('pollFailed', failed);
    await source.start();
    await vi.advanceTimersByTimeAsync(69_999);
    expect(failed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(failed.mock.calls).toMatchObject([[{ error: 'TimeoutError' }]]);
    await stopped(source);
  });

  it('P2: an activity that was deleted is created again, by one call for all pollers', async () => {
    const { sfn, source } = setUp(fine, { maxConcurrency: 20 }, { longPollMs: 2_000 });
    await source.start();
    sfn.deleteActivity('sum');
    await vi.advanceTimersByTimeAsync(6_000);
    expect(source.status().pollsFailed).toBeGreaterThan(0);
    expect(sfn.calls('CreateActivity')).toBe(2);
    expect(await sfn.runTask('sum', {})).toMatchObject({ status: 'SUCCEEDED' });
    await stopped(source);
  });

  it('P2: an activity whose ARN was given is left to those who gave it', async () => {
    const activityArn = new FakeSfn().activityArn('sum');
    const { sfn, source } = setUp(fine, { activityArn });
    await source.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sfn.calls('CreateActivity')).toBe(0);
    expect(source.status().pollsFailed).toBeGreaterThan(1);
    const outcome = sfn.runTask('sum', {});
    await vi.advanceTimersByTimeAsync(31_000);
    expect(await outcome).toMatchObject({ status: 'SUCCEEDED' });
    await stopped(source);
  });

  it('P2: if the ARN can not be had again, that is a failed poll with the reason', async () => {
    const { sfn, source } = setUp(fine, {}, { longPollMs: 2_000 });
    const failed = vi.fn();
    source.on('pollFailed', failed);
    await source.start();
    sfn.deleteActivity('sum');
    sfn.fault({ kind: 'error', name: 'ActivityLimitExceeded', operation: 'CreateActivity' });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(failed.mock.calls.map(([event]) => (event as { error: string }).error)).toEqual([
      'ActivityDoesNotExist',
      'ActivityLimitExceeded',
    ]);
    expect(await sfn.runTask('sum', {})).toMatchObject({ status: 'SUCCEEDED' });
    await stopped(source);
  });
});

it('S1: a poller that waits for the ARN when the stop comes sends no poll', async () => {
  const { sfn, source } = setUp();
  await source.start();
  sfn.deleteActivity('sum');
  sfn.fault({ kind: 'latency', ms: 20_000, operation: 'CreateActivity' });
  // The poll under way comes back empty, the next finds the activity gone, the third asks for the ARN.
  await vi.advanceTimersByTimeAsync(65_000);
  expect(sfn.calls('CreateActivity')).toBe(2);
  const polls = sfn.calls('GetActivityTask');
  const stop = source.stop();
  await settle();
  expect(await stop).toMatchObject({ abandonedPolls: 0 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sfn.calls('GetActivityTask')).toBe(polls);
});

it('T9: an invoke that never settles holds its slot no longer than the timeout', async () => {
  const { sfn, source } = setUp(
    ({ body }, signal) =>
      body === '"stuck"' ? never({} as never, signal) : fine({} as never, signal),
    { invokeTimeoutMs: 3_000 },
  );
  await source.start();
  const stuck = sfn.runTask('sum', '"stuck"');
  const next = sfn.runTask('sum', '"next"');
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await stuck).toMatchObject({ status: 'FAILED', error: 'StepFuncSource.Timeout' });
  expect(await next).toMatchObject({ status: 'SUCCEEDED' });
  await stopped(source);
});

it('sends polls by one client and everything else by the other, and destroys neither', async () => {
  const sfn = new FakeSfn({ longPollMs: 60_000 });
  const client = () => ({
    sent: [] as string[],
    destroy: vi.fn(),
    send(command: object, options?: { abortSignal?: AbortSignal }) {
      this.sent.push(command.constructor.name);
      return sfn.send(command, options);
    },
  });
  const [poll, report] = [client(), client()];
  const source = createStepFuncSource(
    { ...config, heartbeatIntervalMs: 1_000 },
    async ({ body }) => {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return answer('null', body === '1' ? 200 : 500);
    },
    { client: { poll, report } },
  );
  await source.start();
  for (const input of [1, 2]) {
    const ran = sfn.runTask('sum', input);
    await vi.advanceTimersByTimeAsync(2_000);
    await ran;
  }
  await stopped(source);
  expect(new Set(poll.sent)).toEqual(new Set(['GetActivityTaskCommand']));
  expect(report.sent).toEqual([
    'CreateActivityCommand',
    'SendTaskHeartbeatCommand',
    'SendTaskSuccessCommand',
    'SendTaskHeartbeatCommand',
    'SendTaskFailureCommand',
  ]);
  expect(poll.destroy).not.toHaveBeenCalled();
  expect(report.destroy).not.toHaveBeenCalled();
});

it('T7: a task that AWS has closed meanwhile is emitted as lost', async () => {
  const { sfn, source } = setUp(never, { invokeTimeoutMs: 5_000 });
  const lost = vi.fn();
  source.on('taskLost', lost);
  await source.start();
  const outcome = sfn.runTask('sum', {}, { timeoutSeconds: 1 });
  await vi.advanceTimersByTimeAsync(6_000);
  expect(await outcome).toMatchObject({ status: 'TIMED_OUT' });
  expect(lost.mock.calls).toMatchObject([[{ poller: 0, reason: 'closed' }]]);
  await stopped(source);
});

it.each<[string, (poller: Poller, loseLease: () => void) => void, number]>([
  ['if nothing has changed', () => undefined, 1],
  ['but not if its lease has expired meanwhile', (_, loseLease) => loseLease(), 0],
  ['but not if its slot has gone meanwhile', (poller) => poller.resize(0), 0],
])('C2, L2: a poll that has waited for the ARN is sent %s', async (_, happens, polls) => {
  let held = true;
  let arn: string | undefined;
  let answer: (arn: string) => void = () => undefined;
  const getActivityTask = vi.fn(() => new Promise<undefined>(() => undefined));
  const poller = createActivityPoller(
    { index: 0, concurrency: 1 },
    {
      clock: systemClock,
      sfn: { getActivityTask } as unknown as Sfn,
      activity: {
        known: () => arn,
        arn: () => new Promise((resolve) => (answer = resolve)),
        forget: () => undefined,
      },
      workerName: 'worker',
      invoke: never,
      path: '/',
      invokeTimeoutMs: 1_000,
      heartbeatIntervalMs: undefined,
      onComponentDown: 'fail',
      emit: () => undefined,
      attributesOf: () => noAttributes,
      runningTasks: createRunningTasks(systemClock),
      onPolled: () => undefined,
      onPollAbandoned: () => undefined,
      canPoll: () => held,
    },
  );
  const shutdown = createShutdown();
  const ended = poller.run(shutdown);
  expect(poller.snapshot().openPolls).toBe(1);
  happens(poller, () => (held = false));
  answer((arn = 'arn'));
  await vi.advanceTimersByTimeAsync(0);
  expect(getActivityTask).toHaveBeenCalledTimes(polls);
  expect(poller.snapshot().openPolls).toBe(polls);
  shutdown.startAbortPolls(new Error('The test is over'));
  await ended;
});
