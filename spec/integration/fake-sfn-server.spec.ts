import {
  CreateActivityCommand,
  GetActivityTaskCommand,
  ListActivitiesCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { UndiciHttpHandler } from '@smithy/undici-http-handler';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeSfn, startFakeSfnServer } from 'stepfunc-source/testing';
import type { Fault, FakeSfnServer, FakeSfnServerOptions } from 'stepfunc-source/testing';

let server: FakeSfnServer;
let client: SFNClient;

/** The handler that the library uses by default. */
function clientOf(endpoint: string, requestHandler?: object): SFNClient {
  return new SFNClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: requestHandler ?? new UndiciHttpHandler({}),
  });
}

async function start(options: FakeSfnServerOptions = {}): Promise<void> {
  server = await startFakeSfnServer(options);
  client = clientOf(server.endpoint);
}

beforeEach(() => start());

afterEach(async () => {
  client.destroy();
  await server.close();
});

const create = () => client.send(new CreateActivityCommand({ name: 'sum' }));
const poll = (abortSignal = new AbortController().signal) =>
  client.send(new GetActivityTaskCommand({ activityArn: server.sfn.activityArn('sum') }), {
    abortSignal,
  });

async function restart(options: FakeSfnServerOptions): Promise<void> {
  client.destroy();
  await server.close();
  await start(options);
}

/** Waits for what happens on the other side of a socket, however loaded the machine is. */
const until = (assertion: () => void) => vi.waitFor(assertion, { timeout: 20_000, interval: 5 });

async function errorOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  return promise.then(
    () => expect.unreachable('expected a rejection'),
    (error: unknown) => error as Error,
  );
}

describe('the real SDK', () => {
  test('creates, polls, beats and reports', async () => {
    const { activityArn, creationDate } = await create();
    expect(activityArn).toBe(server.sfn.activityArn('sum'));
    expect(creationDate).toBeInstanceOf(Date);
    expect(Math.abs(Date.now() - Number(creationDate))).toBeLessThan(60_000);
    const input = '{"text":"ü € 😀", "spaces":  1}';
    const outcome = server.sfn.runTask('sum', input);
    const task = await poll();
    expect(task.input).toBe(input);
    expect(task.$metadata.requestId).toBeTruthy();
    const { taskToken } = task;
    await client.send(new SendTaskHeartbeatCommand({ taskToken }));
    await client.send(new SendTaskSuccessCommand({ taskToken, output: '"😀"' }));
    expect(await outcome).toEqual({ status: 'SUCCEEDED', output: '"😀"' });

    const failing = server.sfn.runTask('sum', 1);
    const { taskToken: second } = await poll();
    await client.send(new SendTaskFailureCommand({ taskToken: second, error: 'E', cause: 'ü' }));
    expect(await failing).toEqual({ status: 'FAILED', error: 'E', cause: 'ü' });
    expect(server.sfn.calls()).toBe(6);
  });

  test.each([
    ['null', undefined],
    ['absent', undefined],
    ['empty', ''],
  ] as const)('gets no task if there is none: %s', async (noTask, seen) => {
    await restart({ noTask, longPollMs: 20 });
    await create();
    expect((await poll()).taskToken).toBe(seen);
  });

  test('has its poll held, hundreds of them at once', async () => {
    await restart({ longPollMs: 60_000 });
    await create();
    const polls = Array.from({ length: 300 }, () => poll());
    await until(() => expect(server.sfn.openPolls('sum')).toBe(300));
    const outcomes = polls.map((_, i) => server.sfn.runTask('sum', i));
    const tasks = await Promise.all(polls);
    expect(tasks.map(({ input }) => Number(input)).sort((a, b) => a - b)).toEqual(
      tasks.map((_, i) => i),
    );
    await Promise.all(
      tasks.map(({ taskToken, input }) =>
        client.send(new SendTaskSuccessCommand({ taskToken, output: input })),
      ),
    );
    expect(await Promise.all(outcomes)).toEqual(
      outcomes.map((_, i) => ({ status: 'SUCCEEDED', output: String(i) })),
    );
  });

  test('loses a task to a poll that it aborted', async () => {
    await restart({ longPollMs: 60_000 });
    await create();
    const aborter = new AbortController();
    const aborted = errorOf(poll(aborter.signal));
    await until(() => expect(server.sfn.openPolls()).toBe(1));
    aborter.abort();
    expect((await aborted).name).toBe('AbortError');
    await until(() => expect(server.sfn.openPolls()).toBe(0));
    const outcome = server.sfn.runTask('sum', 1, { timeoutSeconds: 0.05 });
    expect([server.sfn.queued(), server.sfn.running()]).toEqual([0, 1]);
    expect(await outcome).toEqual({ status: 'TIMED_OUT', error: 'States.Timeout' });
  });

  test('loses none if the option says so', async () => {
    await restart({ longPollMs: 60_000, loseTasksOfAbortedPolls: false });
    await create();
    const aborter = new AbortController();
    const aborted = errorOf(poll(aborter.signal));
    await until(() => expect(server.sfn.openPolls()).toBe(1));
    aborter.abort();
    await aborted;
    await until(() => expect(server.sfn.openPolls()).toBe(0));
    void server.sfn.runTask('sum', 1);
    expect([server.sfn.queued(), server.sfn.running()]).toEqual([1, 0]);
  });
});

describe('both faces give the same errors', () => {
  const faults: [Fault][] = [
    [{ kind: 'throttling' }],
    [{ kind: 'serverError' }],
    [{ kind: 'serverError', status: 503 }],
    [{ kind: 'html502' }],
    [{ kind: 'empty500' }],
    [{ kind: 'reset' }],
    [{ kind: 'lostAnswer' }],
    [{ kind: 'error', name: 'ActivityWorkerLimitExceeded' }],
    [{ kind: 'error', name: 'KmsThrottlingException' }],
    [{ kind: 'error', name: 'AccessDeniedException', status: 403, message: 'no' }],
  ];

  interface Errored {
    name: string;
    code?: string;
    $fault?: string;
    $metadata?: { httpStatusCode?: number; attempts?: number };
  }
  const shape = (error: unknown) => {
    const { name, code, $fault, $metadata } = error as Errored;
    const { httpStatusCode, attempts } = $metadata ?? {};
    return { name, code, $fault, httpStatusCode, attempts };
  };

  test.each(faults)('%j', async (fault) => {
    const sfn = new FakeSfn();
    sfn.fault(fault);
    server.sfn.fault(fault);
    const command = new CreateActivityCommand({ name: 'sum' });
    const [inMemory, onTheWire] = [await errorOf(sfn.send(command)), await errorOf(create())];
    expect(shape(inMemory)).toEqual(shape(onTheWire));
    expect(await create()).toHaveProperty('activityArn');
  });

  const badCalls: [string, object][] = [
    ['InvalidName', new CreateActivityCommand({ name: 'a b' })],
    ['ValidationException', new CreateActivityCommand({ name: '' })],
    ['ValidationException', new SendTaskSuccessCommand({ taskToken: 't', output: undefined })],
    [
      'ValidationException',
      new SendTaskFailureCommand({ taskToken: 't', cause: 'x'.repeat(32_769) }),
    ],
    ['ValidationException', new SendTaskFailureCommand({ taskToken: 't', error: '\ud800' })],
    ['InvalidToken', new SendTaskHeartbeatCommand({ taskToken: 'made-up' })],
    ['InvalidArn', new GetActivityTaskCommand({ activityArn: 'sum' })],
    [
      'ActivityDoesNotExist',
      new GetActivityTaskCommand({ activityArn: new FakeSfn().activityArn('none') }),
    ],
  ];

  test.each(badCalls)('%s', async (name, command) => {
    const inMemory = await errorOf(new FakeSfn().send(command));
    const onTheWire = await errorOf(client.send(command as CreateActivityCommand));
    expect(onTheWire.name).toBe(name);
    expect(shape(inMemory)).toEqual(shape(onTheWire));
    expect(inMemory.message).toBe(onTheWire.message);
  });

  test('the SDK names a reset after its handler; the code is the same', async () => {
    const other = clientOf(server.endpoint, {});
    server.sfn.fault({ kind: 'reset' });
    const error = await errorOf(other.send(new CreateActivityCommand({ name: 'sum' })));
    expect([error.name, error.code]).toEqual(['TimeoutError', 'ECONNRESET']);
    other.destroy();
  });

  test("a poll's lost answer takes the task along", async () => {
    await restart({ longPollMs: 60_000 });
    await create();
    server.sfn.fault({ kind: 'lostAnswer', operation: 'GetActivityTask' });
    const polled = errorOf(poll());
    await until(() => expect(server.sfn.openPolls()).toBe(1));
    void server.sfn.runTask('sum', 1);
    expect(await polled).toMatchObject({ code: 'ECONNRESET' });
    expect(server.sfn.running()).toBe(1);
  });

  test.each<Fault>([{ kind: 'hang' }, { kind: 'latency', ms: 600_000 }])(
    '%j lasts until the client aborts',
    async (fault) => {
      server.sfn.fault(fault);
      const aborter = new AbortController();
      const polled = errorOf(poll(aborter.signal));
      await until(() => expect(server.sfn.calls('GetActivityTask')).toBe(1));
      aborter.abort();
      expect((await polled).name).toBe('AbortError');
    },
  );
});

describe('the wire', () => {
  const signed = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'AWSStepFunctions.CreateActivity',
    authorization: 'AWS4-HMAC-SHA256 Credential=test',
  };

  async function post(headers: Record<string, string>, body: string, path = '/') {
    const response = await fetch(server.endpoint + path, { method: 'POST', headers, body });
    return { response, json: (await response.json()) as Record<string, unknown> };
  }

  test('dates are epoch seconds, answers carry a request id', async () => {
    const { response, json } = await post(signed, '{"name":"sum"}');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.0');
    expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(Number(json['creationDate'])).toBeCloseTo(Date.now() / 1_000, -2);
  });

  test.each([
    ['null', { taskToken: null }],
    ['absent', {}],
    ['empty', { taskToken: '' }],
  ] as const)('"no task" as %s', async (noTask, body) => {
    await restart({ noTask, longPollMs: 0 });
    await create();
    const target = 'AWSStepFunctions.GetActivityTask';
    const activityArn = server.sfn.activityArn('sum');
    const { json } = await post(
      { ...signed, 'x-amz-target': target },
      JSON.stringify({ activityArn }),
    );
    expect(json).toEqual(body);
  });

  test.each([
    ['a model error', signed, '{"name":"a b"}', 'com.amazonaws.swf.service.v2.model#InvalidName'],
    ['a bad length', signed, '{"name":""}', 'com.amazon.coral.validate#ValidationException'],
    ['broken JSON', signed, '{"name":', 'com.amazon.coral.service#SerializationException'],
    ['no object', signed, '["sum"]', 'com.amazon.coral.service#SerializationException'],
    ['no string', signed, '{"name":5}', 'com.amazon.coral.service#SerializationException'],
    [
      'no signature',
      { ...signed, authorization: '' },
      '{"name":"sum"}',
      'com.amazon.coral.service#MissingAuthenticationTokenException',
    ],
    [
      'another content type',
      { ...signed, 'content-type': 'application/json' },
      '{"name":"sum"}',
      'com.amazon.coral.service#UnknownOperationException',
    ],
    [
      'an unknown target',
      { ...signed, 'x-amz-target': 'AWSStepFunctions.toString' },
      '{}',
      'com.amazon.coral.service#UnknownOperationException',
    ],
  ])('%s answers 400', async (_, headers, body, type) => {
    const { response, json } = await post(headers, body);
    expect(response.status).toBe(400);
    expect(json['__type']).toBe(type);
    expect(json['message']).toBeTruthy();
  });

  test('another path, and an operation of the SDK that is none of the five', async () => {
    expect((await post(signed, '{}', '/health')).json['__type']).toContain('UnknownOperation');
    expect((await errorOf(client.send(new ListActivitiesCommand({})))).name).toBe(
      'UnknownOperationException',
    );
    expect(server.sfn.calls()).toBe(0);
  });

  test('what a `when` throws becomes a 500 that says so', async () => {
    server.sfn.fault({
      kind: 'reset',
      when: () => {
        throw new RangeError('my own mistake');
      },
    });
    const { response, json } = await post(signed, '{"name":"sum"}');
    expect([response.status, json['message']]).toEqual([500, 'RangeError: my own mistake']);
  });

  test('sockets are kept for the next call', async () => {
    const { response } = await post(signed, '{"name":"sum"}');
    expect(response.headers.get('connection')).toBe('keep-alive');
    expect(response.headers.get('keep-alive')).toBe('timeout=75');
  });
});

describe('close', () => {
  test('ends open polls and sockets, and frees the port', async () => {
    await restart({ longPollMs: 600_000 });
    await create();
    const polled = errorOf(poll());
    await until(() => expect(server.sfn.openPolls()).toBe(1));
    await server.close();
    expect((await polled).name).not.toBe('AbortError');
    await until(() => expect(server.sfn.openPolls()).toBe(0));
    await server.close();
    await using next = await startFakeSfnServer({ port: server.port });
    expect(next.port).toBe(server.port);
  });

  test('a port that is taken is an error', async () => {
    await expect(startFakeSfnServer({ port: server.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  test('serves the FakeSfn that it is given', async () => {
    const sfn = new FakeSfn({ region: 'eu-west-1' });
    await restart({ sfn });
    expect((await create()).activityArn).toContain(':eu-west-1:');
    expect(sfn.calls('CreateActivity')).toBe(1);
  });
});
