import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import type { ComponentWait } from '../../../lib/task/component-down.js';
import type { Invoke, InvokeRequest } from '../../../lib/task/invoke.js';
import { InvokeAbortError } from '../../../lib/task/invoke.js';
import { runTask } from '../../../lib/task/run-task.js';
import { awsError, fakeCalls } from '../../support/fake-calls.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

const answer = { status: 200, headers: {}, body: '1' };
const never = () => new Promise<never>(() => undefined);

function setUp(
  invoke: Invoke,
  answers: Parameters<typeof fakeCalls>[0] = [],
  options: { heartbeatIntervalMs?: number; componentWait?: ComponentWait } = {},
) {
  const sfn = fakeCalls(answers);
  const abandon = new AbortController();
  const invokeController = new AbortController();
  const heartbeatErrors: unknown[] = [];
  const [onInvoked, onReportFailed] = [vi.fn(), vi.fn()];
  const settled = runTask(
    abandon.signal,
    invokeController,
    { token: 'token', input: '{"a" : 1}' },
    {
      sfn,
      invoke,
      task: 't',
      path: '/step/sum?x=1',
      invokeTimeoutMs: 10_000,
      onHeartbeatFailed: (error) => heartbeatErrors.push(error),
      clock: systemClock,
      onInvoked,
      onReportFailed,
      ...options,
    },
  );
  return { sfn, abandon, invokeController, settled, heartbeatErrors, onInvoked, onReportFailed };
}

const failureSent = (sfn: { sent: unknown[][] }) => {
  expect(sfn.sent.map(([name]) => name)).toEqual(['SendTaskFailure']);
  return sfn.sent[0]?.[2] as { error: string; cause: string };
};

describe('runTask', () => {
  it('T1: POSTs the input, byte for byte, as JSON, to the path', async () => {
    const requests: InvokeRequest[] = [];
    const { settled } = setUp(async (request) => {
      requests.push(request);
      return answer;
    });
    await settled;
    expect(requests).toEqual([
      {
        method: 'POST',
        task: 't',
        path: '/step/sum?x=1',
        headers: { 'content-type': 'application/json', 'step-func-task': 't' },
        body: '{"a" : 1}',
        redirect: 'manual',
      },
    ]);
  });

  it('T2: reports what the component answers, a fetch Response too', async () => {
    const { settled, sfn } = setUp(async () => new Response('{"b":2}'));
    expect(await settled).toEqual({ outcome: 'succeeded', attempts: 1 });
    expect(sfn.sent).toEqual([['SendTaskSuccess', 'token', '{"b":2}']]);
  });

  it.each([{}, { heartbeatIntervalMs: 1_000 }])(
    'S2: abandoned before it begins, invokes and reports nothing: %j',
    async (options) => {
      const [invoke, onInvoked] = [vi.fn(never), vi.fn()];
      const abandoned = AbortSignal.abort();
      const sfn = fakeCalls([]);
      const settled = runTask(
        abandoned,
        new AbortController(),
        { token: 'token', input: '1' },
        {
          ...{ sfn, invoke, onInvoked, task: 't', path: '/', invokeTimeoutMs: 10_000 },
          onHeartbeatFailed: () => undefined,
          onReportFailed: () => undefined,
          clock: systemClock,
          ...options,
        },
      );
      expect(await settled).toEqual({ outcome: 'lost', reason: 'abandoned' });
      expect(invoke).not.toHaveBeenCalled();
      expect(onInvoked).not.toHaveBeenCalled();
      expect(sfn.sent).toEqual([]);
    },
  );

  it('T10: quotes neither token nor input of an error of the invoke', async () => {
    const sfn = fakeCalls([]);
    const [token, input] = ['the-task-token-of-AWS', '{"card":"4111 1111 1111 1111"}'];
    await runTask(
      new AbortController().signal,
      new AbortController(),
      { token, input },
      {
        ...{ sfn, task: 't', path: '/', invokeTimeoutMs: 10_000, clock: systemClock },
        invoke: () => Promise.reject(new Error(`${token} and ${input}`)),
        onInvoked: () => undefined,
        onHeartbeatFailed: () => undefined,
        onReportFailed: () => undefined,
      },
    );
    expect(failureSent(sfn).cause).toBe('Error: … and {"card":…"}');
  });

  describe('onComponentDown: a task that waits for its component', () => {
    const refused = (message = 'connect') =>
      Promise.reject(Object.assign(new Error(message), { code: 'ECONNREFUSED' }));
    const componentWait = () => ({ onWaiting: vi.fn(), onConnected: vi.fn() });

    it('is sent again, as a new request, until there is a connection', async () => {
      const wait = componentWait();
      const requests: InvokeRequest[] = [];
      const { settled } = setUp(
        (request) => {
          expect(request.headers).not.toHaveProperty('seen');
          request.headers['seen'] = 'yes';
          requests.push(request);
          return requests.length < 3 ? refused() : Promise.resolve(answer);
        },
        [],
        { componentWait: wait },
      );
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await settled).toEqual({ outcome: 'succeeded', attempts: 1 });
      expect(requests).toHaveLength(3);
      expect(wait.onWaiting).toHaveBeenCalledTimes(2);
      expect(wait.onConnected).toHaveBeenCalledOnce();
    });

    it('says at its timeout why it could not connect, without what the request carried', async () => {
      const { settled, sfn } = setUp(
        () => refused('connect http://app/?key=hunter2 {"a" : 1} token'),
        [],
        { componentWait: componentWait() },
      );
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await settled).toMatchObject({ error: 'StepFuncSource.Timeout' });
      expect(failureSent(sfn).cause).toBe(
        'The component did not answer within 10000 ms (invokeTimeoutMs); the last attempt to connect failed: Error: connect http://app/?… … token (ECONNREFUSED)',
      );
    });

    it('says nothing of that if it was never refused', async () => {
      const { settled, sfn } = setUp(never, [], { componentWait: componentWait() });
      await vi.advanceTimersByTimeAsync(10_000);
      await settled;
      expect(failureSent(sfn).cause).toBe(
        'The component did not answer within 10000 ms (invokeTimeoutMs)',
      );
    });

    it('does not wait unless it is to', async () => {
      const { settled, sfn } = setUp(() => refused());
      await settled;
      expect(failureSent(sfn).cause).toBe('Error: connect (ECONNREFUSED)');
    });

    it('says nothing of that if it has connected since', async () => {
      let attempts = 0;
      const { settled, sfn } = setUp(() => ((attempts += 1) < 3 ? refused() : never()), [], {
        componentWait: componentWait(),
      });
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await settled).toMatchObject({ error: 'StepFuncSource.Timeout' });
      expect(failureSent(sfn).cause).toBe(
        'The component did not answer within 10000 ms (invokeTimeoutMs)',
      );
    });
  });

  it('T4, T9: a timeout aborts the signal, and frees the slot of an invoke that ignores it', async () => {
    let reason: unknown;
    const { settled, sfn } = setUp((_, signal) => {
      signal.addEventListener('abort', () => void (reason = signal.reason));
      return never();
    });
    await vi.advanceTimersByTimeAsync(9_999);
    expect(sfn.sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await settled).toMatchObject({ outcome: 'failed', error: 'StepFuncSource.Timeout' });
    expect(failureSent(sfn).cause).toBe(
      'The component did not answer within 10000 ms (invokeTimeoutMs)',
    );
    expect(reason).toBeInstanceOf(InvokeAbortError);
    expect(reason).toMatchObject({ name: 'AbortError', code: 'timeout' });
  });

  it('T9: what an invoke does after its timeout is dropped, a rejection too', async () => {
    let reject: (error: Error) => void = () => undefined;
    const { settled, sfn } = setUp(() => new Promise((_, r) => (reject = r)));
    await vi.advanceTimersByTimeAsync(10_000);
    await settled;
    reject(new Error('much too late'));
    await vi.advanceTimersByTimeAsync(0);
    expect(sfn.sent).toHaveLength(1);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
      /^Error: boom$/,
    ],
    [
      'rejects',
      () => Promise.reject(new TypeError('fetch failed', { cause: new Error('why') })),
      /^TypeError: fetch failed <- Error: why$/,
    ],
    [
      'rejects with no error',
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the case in hand
      () => Promise.reject(undefined),
      /^thrown: undefined$/,
    ],
    [
      'answers nothing',
      () => undefined,
      /must resolve to { status, headers, body }, got undefined/,
    ],
    ['answers null', () => null, /got null/],
    ['answers text', () => 'ok', /got string/],
    [
      'answers no status',
      () => ({ headers: {}, body: '' }),
      /status from 100 to 999, got undefined/,
    ],
    ['answers an odd status', () => ({ status: 200.5, headers: {}, body: '' }), /got 200.5/],
    ['answers no headers', () => ({ status: 200, body: '' }), /must have headers, got undefined/],
    [
      'answers a parsed body',
      () => ({ status: 200, headers: {}, body: { a: 1 } }),
      /a string or bytes \(Uint8Array\) as body, got an object/,
    ],
    [
      'answers a read Response',
      async () => {
        const r = new Response('1');
        await r.text();
        return r;
      },
      /has been read already/,
    ],
    [
      'answers with a getter that throws',
      () => ({
        get status(): number {
          throw new Error('trap');
        },
      }),
      /trap/,
    ],
  ])('T4: an invoke that %s is a failed task', async (_, invoke, cause) => {
    const { settled, sfn } = setUp(invoke as unknown as Invoke);
    expect(await settled).toMatchObject({
      outcome: 'failed',
      error: 'StepFuncSource.InvokeFailed',
    });
    expect(failureSent(sfn).cause).toMatch(cause);
  });

  it('T4: reads no more of an endless Response than AWS takes', async () => {
    let chunks = 0;
    let canceled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        chunks += 1;
        controller.enqueue(new Uint8Array(65_536));
      },
      cancel: () => void (canceled = true),
    });
    const { settled } = setUp(async () => new Response(endless));
    expect(await settled).toMatchObject({ error: 'StepFuncSource.OutputTooLarge' });
    expect(canceled).toBe(true);
    expect(chunks).toBeLessThanOrEqual(6);
  });

  it.each([
    ['stopped', 'StepFuncSource.Stopped'],
    ['leaseLost', 'StepFuncSource.LeaseLost'],
  ] as const)('S2, L5: interrupted as %s, the task is reported as %s', async (code, error) => {
    const { settled, sfn, invokeController } = setUp(never);
    invokeController.abort(new InvokeAbortError(code, 'why'));
    expect(await settled).toMatchObject({ outcome: 'failed', error });
    expect(failureSent(sfn)).toEqual({ error, cause: 'why' });
  });

  it('S2: interrupted before it began, the component is not called', async () => {
    const invokeController = new AbortController();
    invokeController.abort(new InvokeAbortError('stopped', 'why'));
    const invoke = vi.fn<Invoke>();
    const sfn = fakeCalls([]);
    const options = {
      sfn,
      invoke,
      task: 't',
      path: '/',
      invokeTimeoutMs: 1,
      onHeartbeatFailed: () => undefined,
      clock: systemClock,
      onInvoked: () => undefined,
      onReportFailed: () => undefined,
    };
    await runTask(
      new AbortController().signal,
      invokeController,
      { token: 't', input: '' },
      options,
    );
    expect(invoke).not.toHaveBeenCalled();
    expect(failureSent(sfn).error).toBe('StepFuncSource.Stopped');
  });

  it('calls back when invoke has ended, and for each report that failed', async () => {
    const { settled, onInvoked, onReportFailed } = setUp(
      async () => answer,
      [awsError('ThrottlingException', { $metadata: { httpStatusCode: 400 } })],
    );
    await vi.advanceTimersByTimeAsync(0);
    expect(onInvoked).toHaveBeenCalledTimes(1);
    expect(onReportFailed).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await settled).toMatchObject({ outcome: 'succeeded', attempts: 2 });
    expect(onInvoked).toHaveBeenCalledTimes(1);
  });

  describe('T8: heartbeats', () => {
    const beats = (sfn: { sent: unknown[][] }) =>
      sfn.sent.filter(([name]) => name === 'SendTaskHeartbeat').length;

    it('none without an interval', async () => {
      const { settled, sfn } = setUp(never);
      await vi.advanceTimersByTimeAsync(10_000);
      await settled;
      expect(beats(sfn)).toBe(0);
    });

    it('the first after an interval, then one each, jittered early, never late', async () => {
      const { settled, sfn } = setUp(never, [], { heartbeatIntervalMs: 1_000 });
      await vi.advanceTimersByTimeAsync(799);
      expect(beats(sfn)).toBe(0);
      await vi.advanceTimersByTimeAsync(201);
      expect(beats(sfn)).toBe(1);
      await vi.advanceTimersByTimeAsync(8_999);
      expect(beats(sfn)).toBeGreaterThanOrEqual(9);
      expect(beats(sfn)).toBeLessThanOrEqual(12);
      await vi.advanceTimersByTimeAsync(1);
      await settled;
    });

    it('go on while the report is retried, and end with it', async () => {
      const down = () => awsError('InternalFailure', { $metadata: { httpStatusCode: 500 } });
      const reportsDown = { until: 30_000 };
      const sfn = fakeCalls([]);
      const settled = runTask(
        new AbortController().signal,
        new AbortController(),
        { token: 'token', input: '1' },
        {
          sfn: {
            ...sfn,
            sendTaskSuccess: async (...args) => {
              if (performance.now() < reportsDown.until) throw down();
              return sfn.sendTaskSuccess(...args);
            },
          },
          invoke: async () => answer,
          task: 't',
          path: '/',
          invokeTimeoutMs: 1_000,
          heartbeatIntervalMs: 1_000,
          onHeartbeatFailed: () => undefined,
          clock: systemClock,
          onInvoked: () => undefined,
          onReportFailed: () => undefined,
        },
      );
      reportsDown.until = performance.now() + 30_000;
      await vi.advanceTimersByTimeAsync(29_000);
      expect(beats(sfn)).toBeGreaterThanOrEqual(28);
      await vi.advanceTimersByTimeAsync(16_000);
      expect(await settled).toMatchObject({ outcome: 'succeeded' });
      const end = beats(sfn);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(beats(sfn)).toBe(end);
    });

    it('one that finds the task closed aborts the invoke, and nothing more is sent', async () => {
      let reason: unknown;
      const { settled, sfn } = setUp(
        (_, signal) => {
          signal.addEventListener('abort', () => void (reason = signal.reason));
          return never();
        },
        ['fine', awsError('TaskTimedOut')],
        { heartbeatIntervalMs: 1_000 },
      );
      await vi.advanceTimersByTimeAsync(2_000);
      expect(await settled).toEqual({ outcome: 'lost', reason: 'closed' });
      expect(reason).toMatchObject({
        code: 'closed',
        message: 'Step Functions has closed the task',
      });
      await vi.advanceTimersByTimeAsync(60_000);
      expect(sfn.sent.map(([name]) => name)).toEqual(['SendTaskHeartbeat', 'SendTaskHeartbeat']);
    });

    it('one that finds the task closed ends the retrying of the report', async () => {
      const throttled = awsError('ThrottlingException', { $metadata: { httpStatusCode: 400 } });
      const { settled, sfn } = setUp(async () => answer, [throttled, awsError('TaskTimedOut')], {
        heartbeatIntervalMs: 100,
      });
      await vi.advanceTimersByTimeAsync(100);
      expect(await settled).toEqual({ outcome: 'lost', reason: 'closed' });
      expect(sfn.sent.map(([name]) => name)).toEqual(['SendTaskSuccess', 'SendTaskHeartbeat']);
    });

    it('any other error is emitted and tolerated, a hang too', async () => {
      const { settled, heartbeatErrors } = setUp(
        never,
        [awsError('ThrottlingException'), 'never', 'fine'],
        { heartbeatIntervalMs: 1_000 },
      );
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await settled).toMatchObject({ error: 'StepFuncSource.Timeout' });
      expect(heartbeatErrors.map(String)).toEqual([
        'ThrottlingException: the message of ThrottlingException',
        'TimeoutError: No answer within 1000 ms',
      ]);
    });
  });
});
