import { describe, expect, it } from 'vitest';
import { Emulator } from '../../../lib/testing/emulator.js';
import type { NoTask } from '../../../lib/testing/emulator.js';
import type { Reply } from '../../../lib/testing/reply.js';

const { signal } = new AbortController();

function setUp(noTask: NoTask = 'null') {
  const emulator = new Emulator({
    longPollMs: 0,
    maxOpenPolls: 10,
    loseTasksOfAbortedPolls: true,
    arnPrefix: 'arn:aws:states:us-east-1:123456789012:activity:',
    noTask,
  });
  const call = (name: Parameters<Emulator['calls']>[0] & string, input: object) =>
    emulator.reply({ name, input: input as never }, signal);
  const poll = (activityName = 'sum') =>
    call('GetActivityTask', { activityArn: emulator.activityArn(activityName) });
  return { emulator, call, poll };
}

const bodyOf = (reply: Reply): Record<string, unknown> =>
  reply.kind === 'answer' ? reply.body : expect.unreachable();
const nameOf = (reply: Reply) => (reply.kind === 'error' ? reply.error.name : reply.kind);

describe('Emulator', () => {
  it.each<[NoTask, object]>([
    ['null', { taskToken: null }],
    ['absent', {}],
    ['empty', { taskToken: '' }],
  ])('answers an empty poll as the rules say: %s', async (noTask, body) => {
    const { call, poll } = setUp(noTask);
    await call('CreateActivity', { name: 'sum' });
    expect(bodyOf(await poll())).toEqual(body);
  });

  it('creates an activity once, and refuses another encryption for it', async () => {
    const { call } = setUp();
    const created = bodyOf(await call('CreateActivity', { name: 'sum' }));
    expect(bodyOf(await call('CreateActivity', { name: 'sum', tags: [] }))).toEqual(created);
    const encryptionConfiguration = { type: 'AWS_OWNED_KEY' };
    const other = await call('CreateActivity', { name: 'sum', encryptionConfiguration });
    expect(nameOf(other)).toBe('ActivityAlreadyExists');
  });

  it('checks a token before the output, and the output before the state of the task', async () => {
    const { call, emulator, poll } = setUp();
    emulator.schedule('sum', '1', {});
    const { taskToken } = bodyOf(await poll());
    const succeed = (token: unknown, output: string) =>
      call('SendTaskSuccess', { taskToken: token, output });
    expect(nameOf(await succeed('made up', 'no JSON'))).toBe('InvalidToken');
    expect(nameOf(await succeed(taskToken, 'no JSON'))).toBe('InvalidOutput');
    expect(nameOf(await succeed(taskToken, '1'))).toBe('answer');
    expect(nameOf(await succeed(taskToken, 'no JSON'))).toBe('InvalidOutput');
    expect(nameOf(await succeed(taskToken, '1'))).toBe('TaskTimedOut');
  });

  it('a fault comes before the effect, a lost answer after it', async () => {
    const { call, emulator } = setUp();
    emulator.faults.add({ kind: 'reset' });
    emulator.faults.add({ kind: 'lostAnswer' });
    const create = () => call('CreateActivity', { name: 'sum' });
    const poll = () => call('GetActivityTask', { activityArn: emulator.activityArn('sum') });
    expect(nameOf(await create())).toBe('reset');
    expect(nameOf(await poll())).toBe('reset');
    expect(nameOf(await poll())).toBe('ActivityDoesNotExist');
    emulator.faults.add({ kind: 'lostAnswer' });
    expect(nameOf(await create())).toBe('reset');
    expect(nameOf(await poll())).toBe('answer');
  });

  it('counts calls, polls and tasks, of one activity or of all', async () => {
    const { emulator, poll } = setUp();
    for (const name of ['a', 'a', 'b']) emulator.schedule(name, '1', {});
    await poll('a');
    expect([emulator.queued('a'), emulator.queued('b'), emulator.queued()]).toEqual([1, 1, 2]);
    expect([emulator.running('a'), emulator.running('b'), emulator.running()]).toEqual([1, 0, 1]);
    expect([emulator.calls('GetActivityTask'), emulator.calls('CreateActivity')]).toEqual([1, 0]);
    expect(emulator.calls()).toBe(1);
  });

  it('aborts a task that is queued, and one that runs', async () => {
    const { call, emulator, poll } = setUp();
    const [running, queued] = [1, 2].map((n) => emulator.schedule('sum', String(n), {}));
    const { taskToken } = bodyOf(await poll());
    running?.abort();
    queued?.abort();
    expect(await running?.outcome).toEqual({ status: 'ABORTED' });
    expect(await queued?.outcome).toEqual({ status: 'ABORTED' });
    expect([emulator.queued(), emulator.running()]).toEqual([0, 0]);
    expect(nameOf(await call('SendTaskHeartbeat', { taskToken }))).toBe('TaskTimedOut');
  });

  it('rejects with an error of its own making, which is none of AWS', async () => {
    const { call, emulator } = setUp();
    const error = new RangeError("a test's own mistake");
    emulator.faults.add({
      kind: 'reset',
      when: () => {
        throw error;
      },
    });
    await expect(call('CreateActivity', { name: 'sum' })).rejects.toBe(error);
  });
});
