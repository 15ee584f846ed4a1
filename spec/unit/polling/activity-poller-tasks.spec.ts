import { describe, expect, it, vi } from 'vitest';
import { createShutdown } from '../../../lib/async/shutdown.js';
import { createRunningTasks } from '../../../lib/observe/running-tasks.js';
import type { ActivityPollerOptions } from '../../../lib/polling/activity-poller.js';
import { createActivityPoller } from '../../../lib/polling/activity-poller.js';
import { ActivityError } from '../../../lib/sfn/activity-error.js';
import type { ActivityTask } from '../../../lib/sfn/api.js';
import type { Invoke } from '../../../lib/task/invoke.js';
import { InvokeAbortError } from '../../../lib/task/invoke.js';
import { attributesOf, noAttributes } from '../../../lib/task/task-attributes.js';
import { awsError, fakeCalls } from '../../support/fake-calls.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

const activityTask: ActivityTask = { token: 'token', input: '{"n":1}' };
const answer = (status: number, body: string, headers = {}) => ({ status, headers, body });
const fine: Invoke = async () => answer(200, '6');

/** What polls bring, one after the other. The last one stays open. */
type Brought = ActivityTask | Error | undefined;

/** A poller whose polls bring what the test wants, and the events that it emits. */
function setUp(
  brought: Brought[],
  {
    reports = [],
    concurrency = 1,
    ...options
  }: Partial<ActivityPollerOptions> & {
    reports?: Parameters<typeof fakeCalls>[0];
    concurrency?: number;
  } = {},
) {
  const clock = { ...createVirtualClock(), random: () => 0 };
  const getActivityTask = vi.fn(async (_arn: string, _worker: string, signal: AbortSignal) => {
    if (brought.length === 0) {
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    }
    const next = brought.shift();
    if (next instanceof Error) throw next;
    return next;
  });
  const sfn = fakeCalls(reports, { getActivityTask });
  const events: [string, object, string?][] = [];
  const runningTasks = createRunningTasks(clock);
  const forget = vi.fn();
  const onPolled = vi.fn();
  const poller = createActivityPoller(
    { index: 3, concurrency },
    {
      clock,
      sfn,
      activity: { known: () => 'arn', arn: async () => 'arn', forget },
      workerName: 'worker',
      invoke: fine,
      path: '/step',
      invokeTimeoutMs: 1_000,
      heartbeatIntervalMs: undefined,
      onComponentDown: 'fail',
      emit: (name, fields, cause) =>
        void events.push(cause === undefined ? [name, fields] : [name, fields, cause]),
      attributesOf: () => noAttributes,
      runningTasks,
      onPolled,
      onPollAbandoned: () => undefined,
      ...options,
    },
  );
  const shutdown = createShutdown();
  const ended = poller.run(shutdown);
  const stop = async () => {
    shutdown.startAbandonReports(new InvokeAbortError('stopped', 'The test is over'));
    await ended;
  };
  const task = () => (events[0]?.[1] as { task: string }).task;
  return {
    ...{ clock, sfn, poller, events, runningTasks, forget, onPolled, shutdown, stop, task },
    getActivityTask,
  };
}

describe('the events of a task', () => {
  it('a success: how long it took in all, and how long the invoke took', async () => {
    const { clock, events, stop, task } = setUp([activityTask], {
      invoke: () =>
        new Promise((resolve) => void clock.setTimer(700, () => resolve(answer(200, '6')))),
      reports: [awsError('ThrottlingException', { $metadata: { httpStatusCode: 400 } })],
    });
    await clock.pass(0);
    const of = { task: task(), poller: 3 };
    const attributes = noAttributes;
    expect(events).toEqual([['taskReceived', { ...of, attributes }]]);
    await clock.pass(1_000);
    expect(events.slice(1)).toEqual([
      [
        'reportFailed',
        {
          ...of,
          error: 'ThrottlingException',
          message: 'the message of ThrottlingException',
          requestId: undefined,
        },
      ],
      ['taskSucceeded', { ...of, attributes, durationMs: 825, invokeMs: 700, attempts: 2 }],
    ]);
    await stop();
  });

  it("a component's failure: its error, and no message; its cause goes to the log alone", async () => {
    const headers = { 'step-func-error': 'E', 'step-func-cause': 'hunter2' };
    const { clock, events, stop } = setUp([activityTask], {
      invoke: async () => answer(500, '', headers),
    });
    await clock.pass(0);
    const [, failed] = events;
    expect(failed).toMatchObject(['taskFailed', { error: 'E', attempts: 1 }, 'hunter2']);
    expect(failed?.[1]).not.toHaveProperty('message');
    expect(failed?.[1]).not.toHaveProperty('cause');
    await stop();
  });

  it('a failure of ours: its message too', async () => {
    const { clock, events, stop } = setUp([activityTask], { invoke: async () => answer(200, '<') });
    await clock.pass(0);
    const cause =
      'The component answered 200 with 1 bytes that are not JSON: unexpected < at position 0.';
    expect(events[1]).toMatchObject([
      'taskFailed',
      { error: 'StepFuncSource.InvalidOutput', message: cause },
      cause,
    ]);
    await stop();
  });

  it('T7: a task that AWS has closed is lost, with the reason', async () => {
    const { clock, events, stop } = setUp([activityTask], { reports: [awsError('TaskTimedOut')] });
    await clock.pass(0);
    expect(events[1]).toMatchObject(['taskLost', { poller: 3, reason: 'closed' }]);
    await stop();
  });

  it('S2: a task whose report was abandoned is lost', async () => {
    const { clock, events, stop } = setUp([activityTask], {
      invoke: () =>
        new Promise((resolve) => void clock.setTimer(300, () => resolve(answer(200, '6')))),
      reports: ['never'],
    });
    await clock.pass(400);
    await stop();
    expect(events[1]).toMatchObject([
      'taskLost',
      { reason: 'abandoned', durationMs: 400, invokeMs: 300 },
    ]);
  });

  it('T8: a heartbeat that fails', async () => {
    const { clock, events, stop } = setUp([activityTask], {
      heartbeatIntervalMs: 100,
      invoke: () => new Promise(() => undefined),
      reports: [awsError('InternalFailure', { $metadata: { httpStatusCode: 500 } })],
    });
    await clock.pass(100);
    expect(events[1]).toMatchObject(['heartbeatFailed', { poller: 3, error: 'InternalFailure' }]);
    await stop();
  });

  it('ids differ from task to task, and begin alike', async () => {
    const { clock, events, stop } = setUp([activityTask, activityTask]);
    await clock.pass(0);
    const ids = events
      .filter(([name]) => name === 'taskReceived')
      .map(([, event]) => (event as { task: string }).task);
    expect(ids).toHaveLength(2);
    const [[first, one], [second, two]] = ids.map((id) => id.split('-')) as [
      [string, string],
      [string, string],
    ];
    expect(first).toMatch(/^[\da-f]{6}$/);
    expect(second).toBe(first);
    expect(parseInt(one, 36)).toBeGreaterThan(0);
    expect(parseInt(two, 36)).toBe(parseInt(one, 36) + 1);
    await stop();
  });
});

describe('the attributes of a task', () => {
  it('stand in its events, and on the request', async () => {
    const attributes = { tenant: 'a' };
    const seen: unknown[] = [];
    const { clock, events, stop } = setUp([activityTask], {
      attributesOf: (input) => (input === activityTask.input ? attributes : noAttributes),
      invoke: async (request) => {
        seen.push(attributesOf(request), request.path, request.body);
        return answer(200, '6');
      },
    });
    await clock.pass(0);
    expect(seen).toEqual([attributes, '/step', activityTask.input]);
    expect(events.map(([, event]) => (event as { attributes: object }).attributes)).toEqual([
      attributes,
      attributes,
    ]);
    await stop();
  });

  it('are not put on the request of a task that has none', async () => {
    const symbols: symbol[][] = [];
    const { clock, stop } = setUp([activityTask], {
      invoke: async (request) => {
        symbols.push(Object.getOwnPropertySymbols(request));
        return answer(200, '6');
      },
    });
    await clock.pass(0);
    expect(symbols).toEqual([[]]);
    await stop();
  });
});

it('runningTasks: has the task from its receipt to its report, and what it is about', async () => {
  const { clock, runningTasks, stop, shutdown } = setUp([activityTask], {
    invoke: () =>
      new Promise((resolve) => void clock.setTimer(500, () => resolve(answer(200, '6')))),
    reports: ['never'],
  });
  await clock.pass(0);
  expect(runningTasks.list()).toMatchObject([{ poller: 3, phase: 'invoking' }]);
  await clock.pass(500);
  expect(runningTasks.list()).toMatchObject([{ poller: 3, phase: 'reporting' }]);
  shutdown.startDrain();
  await stop();
  expect(runningTasks.list()).toEqual([]);
});

describe('onComponentDown', () => {
  const refused = () =>
    Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));

  it('fail: a refused connection is a failure at once', async () => {
    const { clock, events, stop } = setUp([activityTask], { invoke: refused });
    await clock.pass(0);
    expect(events[1]).toMatchObject([
      'taskFailed',
      { error: 'StepFuncSource.InvokeFailed' },
      'Error: connect ECONNREFUSED',
    ]);
    await stop();
  });

  it('wait: no poll is sent while no connection can be made, and one at once when it can', async () => {
    let isDown = true;
    const { clock, events, stop, getActivityTask } = setUp([activityTask, undefined], {
      concurrency: 2,
      onComponentDown: 'wait',
      // Once it is connected it takes its time.
      invoke: () => (isDown ? refused() : new Promise(() => undefined)),
      invokeTimeoutMs: 60_000,
    });
    // The second poll was sent before the connection failed. It came back empty.
    await clock.pass(10_000);
    expect(getActivityTask).toHaveBeenCalledTimes(2);
    isDown = false;
    await clock.pass(7_000);
    expect(events).toHaveLength(1);
    expect(getActivityTask.mock.calls.length).toBeGreaterThan(2);
    await stop();
  });
});

it('a bug costs its own task, and not the poller', async () => {
  const clock = createVirtualClock();
  const { events, getActivityTask, stop } = setUp([activityTask], {
    clock,
    runningTasks: {
      ...createRunningTasks(clock),
      reporting() {
        throw new Error('a bug');
      },
    },
  });
  await clock.pass(0);
  expect(events[1]).toMatchObject(['taskLost', { reason: 'abandoned' }]);
  expect(getActivityTask).toHaveBeenCalledTimes(2);
  await stop();
});

describe('a poll', () => {
  it('S1: is not sent if the one before it has begun a stop', async () => {
    const { clock, getActivityTask, shutdown, stop } = setUp([activityTask], {
      concurrency: 3,
      invoke: () => new Promise(() => undefined),
    });
    // The task widens the window to two, which are sent in one go.
    getActivityTask.mockImplementationOnce(() => {
      shutdown.startDrain();
      return Promise.resolve(undefined);
    });
    await clock.pass(0);
    expect(getActivityTask).toHaveBeenCalledTimes(2);
    await stop();
  });

  it('asks for the activity, under the name of the worker, and says when it has come back', async () => {
    const { clock, getActivityTask, onPolled, stop } = setUp([undefined]);
    expect(getActivityTask).toHaveBeenCalledExactlyOnceWith(
      'arn',
      'worker',
      expect.any(AbortSignal),
    );
    expect(onPolled).not.toHaveBeenCalled();
    await clock.pass(0);
    expect(onPolled).toHaveBeenCalledOnce();
    await stop();
  });

  it.each([
    ['ActivityDoesNotExist', 1],
    ['ThrottlingException', 0],
  ])('P2: that fails by %s makes the ARN forgotten %d times', async (name, times) => {
    const { clock, forget, events, onPolled, stop } = setUp([awsError(name)]);
    await clock.pass(0);
    expect(forget.mock.calls).toEqual(Array.from({ length: times }, () => ['arn']));
    expect(onPolled).toHaveBeenCalledOnce();
    expect(events).toEqual([
      [
        'pollFailed',
        {
          poller: 3,
          error: name,
          message: `the message of ${name}`,
          requestId: undefined,
          retryInMs: 1_000,
        },
      ],
    ]);
    await stop();
  });

  it('P1: fails after 70 s without a response', async () => {
    const { clock, events, stop } = setUp([]);
    await clock.pass(69_999);
    expect(events).toEqual([]);
    await clock.pass(1);
    expect(events).toMatchObject([
      ['pollFailed', { error: 'TimeoutError', message: 'No answer within 70000 ms' }],
    ]);
    await stop();
  });

  it('P2: that finds no ARN has the error of AWS, and the words of ours', async () => {
    const cause = awsError('ActivityLimitExceeded');
    const { clock, events, stop } = setUp([], {
      activity: {
        known: () => undefined,
        arn: () => Promise.reject(new ActivityError('sum', cause)),
        forget: () => undefined,
      },
    });
    await clock.pass(0);
    expect(events).toMatchObject([
      [
        'pollFailed',
        {
          error: 'ActivityLimitExceeded',
          message: expect.stringContaining('sum') as string,
          retryInMs: 1_000,
        },
      ],
    ]);
    await stop();
  });
});
