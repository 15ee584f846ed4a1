import {
  CreateActivityCommand,
  GetActivityTaskCommand,
  ListActivitiesCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
} from '@aws-sdk/client-sfn';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import type { SfnClient } from '../../../lib/sfn/api.js';
import { operationOf, sfnCalls } from '../../../lib/sfn/api.js';
import { errorMessage } from '../../../lib/sfn/error-message.js';
import { awsError } from '../../support/fake-calls.js';

interface Sent {
  command: object;
  options: { abortSignal?: AbortSignal } | undefined;
}

/** A client that keeps what it was sent, and answers one thing. */
function recording(answer: unknown = {}) {
  const sent: Sent[] = [];
  const client: SfnClient = {
    async send(command, options) {
      sent.push({ command, options });
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return { client, sent };
}

function setUp(answer?: unknown) {
  const poll = recording(answer);
  const report = recording(answer);
  const sfn = sfnCalls({ poll: poll.client, report: report.client }, systemClock, true);
  return { sfn, poll: poll.sent, report: report.sent };
}

const { signal } = new AbortController();
const arn = 'arn:aws:states:eu-west-1:123456789012:activity:sum';

const calls = [
  {
    name: 'CreateActivity',
    call: (sfn) => sfn.createActivity('sum', signal),
    on: 'report',
    Command: CreateActivityCommand,
    input: { name: 'sum' },
  },
  {
    name: 'GetActivityTask',
    call: (sfn) => sfn.getActivityTask(arn, 'host:1', signal),
    on: 'poll',
    Command: GetActivityTaskCommand,
    input: { activityArn: arn, workerName: 'host:1' },
  },
  {
    name: 'SendTaskSuccess',
    call: (sfn) => sfn.sendTaskSuccess('token', '{"b": 2}', signal),
    on: 'report',
    Command: SendTaskSuccessCommand,
    input: { taskToken: 'token', output: '{"b": 2}' },
  },
  {
    name: 'SendTaskFailure',
    call: (sfn) => sfn.sendTaskFailure('token', { error: 'E', cause: 'c' }, signal),
    on: 'report',
    Command: SendTaskFailureCommand,
    input: { taskToken: 'token', error: 'E', cause: 'c' },
  },
  {
    name: 'SendTaskFailure',
    call: (sfn) => sfn.sendTaskFailure('token', {}, signal),
    on: 'report',
    Command: SendTaskFailureCommand,
    input: { taskToken: 'token' },
  },
  {
    name: 'SendTaskHeartbeat',
    call: (sfn) => sfn.sendTaskHeartbeat('token', signal),
    on: 'report',
    Command: SendTaskHeartbeatCommand,
    input: { taskToken: 'token' },
  },
] satisfies {
  name: string;
  call(sfn: ReturnType<typeof sfnCalls>): Promise<unknown>;
  on: 'poll' | 'report';
  Command: new (input: never) => object;
  input: object;
}[];

describe('sfnCalls', () => {
  it.each(calls)('$name goes to the $on client with $input', async ({ call, on, ...expected }) => {
    const { sfn, poll, report } = setUp({ activityArn: arn });
    await call(sfn);
    const [sent, notSent] = on === 'poll' ? [poll, report] : [report, poll];
    expect(notSent).toEqual([]);
    expect(sent).toHaveLength(1);
    const [{ command, options } = { command: {}, options: {} }] = sent;
    expect(command).toBeInstanceOf(expected.Command);
    expect((command as { input: object }).input).toStrictEqual(expected.input);
    expect(options?.abortSignal).toBe(signal);
  });

  it.each(calls)('$name rejects with what the client rejects with', async ({ call }) => {
    const error = awsError('ThrottlingException');
    await expect(call(setUp(error).sfn)).rejects.toBe(error);
  });

  it('createActivity resolves to the ARN', async () => {
    expect(await setUp({ activityArn: arn }).sfn.createActivity('sum', signal)).toBe(arn);
  });

  it.each([[undefined], [null], [{}], [{ activityArn: '' }], [{ activityArn: null }]])(
    'createActivity rejects if the answer is %j',
    async (answer) => {
      await expect(setUp(answer).sfn.createActivity('sum', signal)).rejects.toThrow(
        new TypeError('CreateActivity answered without an activityArn'),
      );
    },
  );

  it('T1: getActivityTask resolves to the task, byte for byte', async () => {
    const answer = { taskToken: 'token', input: '{ "a" : "é" }', $metadata: {} };
    expect(await setUp(answer).sfn.getActivityTask(arn, 'w', signal)).toStrictEqual({
      token: 'token',
      input: '{ "a" : "é" }',
    });
  });

  it.each([
    ['absent', {}],
    ['null', { taskToken: null }],
    ['empty', { taskToken: '' }],
    ['absent, beside an input', { input: '{}' }],
    ['null, beside an input', { taskToken: null, input: '{}' }],
    ['empty, beside an input', { taskToken: '', input: '{}' }],
    ['in no answer at all', undefined],
  ])('there is no task if the token is %s', async (_, answer) => {
    expect(await setUp(answer).sfn.getActivityTask(arn, 'w', signal)).toBeUndefined();
  });

  it.each([[{}], [{ input: null }], [{ input: undefined }], [{ input: '' }]])(
    'a task without input (%j) is one all the same, with none',
    async (input) => {
      const { sfn } = setUp({ taskToken: 'token', ...input });
      expect(await sfn.getActivityTask(arn, 'w', signal)).toEqual({ token: 'token', input: '' });
    },
  );

  it('reports resolve to the attempts that they took, and heartbeats to nothing', async () => {
    const { sfn } = setUp({ $metadata: { attempts: 3 } });
    expect(await sfn.sendTaskSuccess('token', '1', signal)).toBe(3);
    expect(await sfn.sendTaskFailure('token', {}, signal)).toBe(3);
    await expect(sfn.sendTaskHeartbeat('token', signal)).resolves.toBeUndefined();
    expect(await setUp({}).sfn.sendTaskSuccess('token', '1', signal)).toBe(1);
  });
});

describe('operationOf', () => {
  it.each([
    ['CreateActivity', new CreateActivityCommand({ name: 'sum' }), { name: 'sum' }],
    [
      'GetActivityTask',
      new GetActivityTaskCommand({ activityArn: arn, workerName: 'w' }),
      { activityArn: arn, workerName: 'w' },
    ],
    [
      'SendTaskSuccess',
      new SendTaskSuccessCommand({ taskToken: 't', output: '1' }),
      { taskToken: 't', output: '1' },
    ],
    [
      'SendTaskFailure',
      new SendTaskFailureCommand({ taskToken: 't', error: 'E' }),
      { taskToken: 't', error: 'E' },
    ],
    ['SendTaskHeartbeat', new SendTaskHeartbeatCommand({ taskToken: 't' }), { taskToken: 't' }],
  ])('knows %s, with its input', (name, command, input) => {
    expect(operationOf(command)).toEqual({ name, input });
  });

  it('gives the input as a copy', () => {
    const input = { taskToken: 'token' };
    expect(operationOf(new SendTaskHeartbeatCommand(input))?.input).not.toBe(input);
  });

  it.each([
    ['another command', new ListActivitiesCommand({})],
    ['what only looks like one', { input: { taskToken: 'token' } }],
    ['nothing in particular', {}],
  ])('does not know %s', (_, command) => expect(operationOf(command)).toBeUndefined());
});

describe('reports on a client that is not ours', () => {
  it('T13: end in a TimeoutError once there was time for three attempts', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const client = { send: () => new Promise<never>(() => undefined) };
    const sfn = sfnCalls({ poll: client, report: client }, systemClock);
    const ended: string[] = [];
    const note = (what: string) => (error: unknown) =>
      void ended.push(`${what} ${Date.now() - from}: ${String(error)}`);
    const from = Date.now();
    void sfn.sendTaskHeartbeat('token', signal).catch(note('heartbeat'));
    void sfn.sendTaskSuccess('t', '"é"'.repeat(4_096), signal).catch(note('16 KiB'));
    await vi.runAllTimersAsync();
    expect(ended).toEqual([
      expect.stringMatching(/^heartbeat 60\d\d\d: TimeoutError/),
      expect.stringMatching(/^16 KiB 72\d\d\d: TimeoutError/),
    ]);
  });

  it('T10: hide token, output and cause in the messages of their errors', async () => {
    const token = 'AAAAKgAAAAIAAAAA-a-token';
    const output = '{"name":"a whole output"}';
    const refused = awsError('InvalidToken', { message: `Invalid Token: '${token}' ${output}` });
    const client = { send: () => Promise.reject(refused) };
    await expect(
      sfnCalls({ poll: client, report: client }, systemClock).sendTaskSuccess(
        token,
        output,
        signal,
      ),
    ).rejects.toBe(refused);
    expect(errorMessage(refused)).toBe("Invalid Token: '…' …");
  });
});
