import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createDynamoDbMembership } from '../../../lib/locks/dynamodb-members.js';

const ttlMs = 10_000;

/** One item of a table, and the updates that it got. */
function createTable() {
  const item = new Map<string, { S: string }>([['name', { S: 'group' }]]);
  const updates: { set: string[]; removed: string[] }[] = [];

  async function send(command: object): Promise<unknown> {
    if (!(command instanceof UpdateItemCommand)) throw new Error('It sends updates alone');
    const { UpdateExpression = '', ExpressionAttributeNames: names = {} } = command.input;
    const [, set = '', removed = ''] =
      /^(?:SET (\S+) = :text)?(?: ?REMOVE (.+))?$/.exec(UpdateExpression) ?? [];
    const namesIn = (list: string) =>
      list === '' ? [] : list.split(', ').map((key) => names[key] ?? expect.unreachable());
    updates.push({ set: namesIn(set), removed: namesIn(removed) });
    const text = command.input.ExpressionAttributeValues?.[':text'];
    for (const name of namesIn(set)) item.set(name, text as { S: string });
    for (const name of namesIn(removed)) item.delete(name);
    return { Attributes: Object.fromEntries(item) };
  }

  let clock = 0;
  return {
    item,
    updates,
    pass: (ms: number) => void (clock += ms),
    join: (ttl = ttlMs) =>
      createDynamoDbMembership({ send, tableName: 'locks', monotonic: () => clock }, 'group', ttl),
  };
}

describe('createDynamoDbMembership', () => {
  it('L10: hears what the others say, whatever characters that has', async () => {
    const { join, updates } = createTable();
    const [a, b] = [join(), join()];
    expect(await a.renew('1 of 2: {"é": 1}')).toEqual([]);
    expect(await b.renew('from b')).toEqual(['1 of 2: {"é": 1}']);
    expect(await a.renew('')).toEqual(['from b']);
    expect(await b.renew('again')).toEqual(['']);
    // A renewal is one write, which brings the others along.
    expect(updates).toHaveLength(4);
  });

  it('L10: a member is gone once it was seen unchanged for its own ttl', async () => {
    const { join, pass } = createTable();
    const [a, b] = [join(), join(2 * ttlMs)];
    await b.renew('b');
    expect(await a.renew('a')).toEqual(['b']);
    pass(2 * ttlMs - 1);
    expect(await a.renew('a')).toEqual(['b']);
    pass(1);
    expect(await a.renew('a')).toEqual([]);
  });

  it('L10: a member that renews stays, though it says the same', async () => {
    const { join, pass } = createTable();
    const [a, b] = [join(), join()];
    for (let i = 0; i < 5; i += 1) {
      await b.renew('same');
      expect(await a.renew('a')).toEqual(['same']);
      pass(ttlMs - 1);
    }
  });

  it('a member that is gone is removed by the next renewal of any other', async () => {
    const { item, join, pass, updates } = createTable();
    const [a, b] = [join(), join()];
    await b.renew('b');
    await a.renew('a');
    pass(ttlMs);
    await a.renew('a');
    expect(item.size).toBe(3);
    await a.renew('a');
    expect(item.size).toBe(2);
    await a.renew('a');
    expect(updates.map(({ removed }) => removed.length)).toEqual([0, 0, 0, 1, 0]);
    // It is not dead for good: the machine was suspended.
    await b.renew('b again');
    expect(await a.renew('a')).toEqual(['b again']);
  });

  it('removes a hundred at a time: an expression has a limit', async () => {
    const { item, join, pass, updates } = createTable();
    const me = join();
    for (let i = 0; i < 150; i += 1) item.set(`dead-${i}`, { S: `${ttlMs} v says` });
    await me.renew('me');
    pass(ttlMs);
    for (let i = 0; i < 4; i += 1) await me.renew('me');
    expect(updates.map(({ removed }) => removed.length)).toEqual([0, 0, 100, 50, 0]);
  });

  it('leaves by removing itself alone', async () => {
    const { item, join } = createTable();
    const [a, b] = [join(), join()];
    await a.renew('a');
    await b.renew('b');
    await a.leave();
    expect(item.size).toBe(2);
    expect(await b.renew('b')).toEqual([]);
  });

  it.each<[string, object]>([
    ['no text', { N: '7' }],
    ['another form', { S: 'nonsense' }],
  ])('takes an attribute of %s for no member', async (_, attribute) => {
    const { item, join } = createTable();
    item.set('odd', attribute as { S: string });
    expect(await join().renew('me')).toEqual([]);
  });
});
