import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { dynamoDbLocks } from '../../../lib/locks/dynamodb.js';
import { LOCK_NOT_OWNED } from '../../../lib/locks/types.js';

const ttlMs = 30_000;
const conditionFailure = (Item?: Item) =>
  new ConditionalCheckFailedException({
    message: 'The conditional request failed',
    $metadata: {},
    ...(Item === undefined ? {} : { Item }),
  });

type Item = Record<string, { S: string } | { N: string }>;

/** The four calls on one table, with just the conditions that the locks send. */
function createTable() {
  const items = new Map<string, Item>();
  const sent: object[] = [];
  const table = {
    items,
    sent,
    /** Set: called after a call took effect; throws what the caller gets instead of the answer. */
    afterwards: undefined as ((command: object) => void) | undefined,
    /** An emulator that knows nothing of ReturnValuesOnConditionCheckFailure. */
    returnsItems: true,
    /** What the SDK's own retry does after a lost answer: sends the same again. */
    sendTwice: false,
    async send(command: object): Promise<unknown> {
      if (table.sendTwice && !(command instanceof GetItemCommand)) answer(command);
      const answered = answer(command);
      table.afterwards?.(command);
      return answered;
    },
  };

  function answer(command: object): object {
    sent.push(command);
    if (command instanceof GetItemCommand) {
      const Item = items.get(keyOf(command.input.Key));
      return Item === undefined ? {} : { Item };
    }
    if (command instanceof PutItemCommand) {
      const { Item = {}, ConditionExpression, ExpressionAttributeValues: values } = command.input;
      const present = items.get(keyOf(Item));
      const holds =
        ConditionExpression === 'attribute_not_exists(#name)'
          ? present === undefined
          : present !== undefined && valueOf(present['version']) === valueOf(values?.[':seen']);
      demand(holds, present);
      items.set(keyOf(Item), Item as Item);
      return {};
    }
    if (command instanceof UpdateItemCommand) {
      const { Key, ExpressionAttributeValues: values = {} } = command.input;
      const present = items.get(keyOf(Key));
      const version = valueOf(present?.['version']) as string;
      demand(
        valueOf(present?.['owner']) === valueOf(values[':owner']) &&
          version <= (valueOf(values[':version']) as string),
        present,
      );
      items.set(keyOf(Key), {
        ...present,
        version: values[':version'] as { S: string },
        ttlMs: values[':ttlMs'] as { N: string },
      });
      return {};
    }
    if (command instanceof DeleteItemCommand) {
      const { Key, ExpressionAttributeValues: values = {} } = command.input;
      const present = items.get(keyOf(Key));
      demand(
        present !== undefined && valueOf(present['owner']) === valueOf(values[':owner']),
        present,
      );
      items.delete(keyOf(Key));
      return {};
    }
    throw new Error(`not one of the four calls: ${command.constructor.name}`);
  }

  function demand(holds: boolean, present: Item | undefined): void {
    if (!holds) throw conditionFailure(table.returnsItems ? present : undefined);
  }

  return table;
}

const valueOf = (attribute: object | undefined): unknown => Object.values(attribute ?? {})[0];
const keyOf = (attributes: Record<string, object> | undefined): string =>
  String(valueOf(attributes?.['name']));

/** An instance of the service: a factory and a monotonic clock of its own. */
function createInstance(client: { send(command: object): Promise<unknown> }) {
  let clock = Math.floor(Math.random() * 1e6);
  const locks = dynamoDbLocks({ client, tableName: 'locks', monotonic: () => clock });
  return {
    lock: (name = 'poller', ttl = ttlMs) => locks.createLock(name, ttl),
    tries: (name = 'poller') => locks.createLock(name, ttlMs).acquireImmediately(),
    pass: (ms: number) => void (clock += ms),
  };
}

describe('a lock in DynamoDB', () => {
  it('grants a name to one owner at a time, and its item goes with the release', async () => {
    const table = createTable();
    const [a, b] = [createInstance(table), createInstance(table)];
    const lock = a.lock();
    expect(await lock.acquireImmediately()).toBe(true);
    expect(await a.tries()).toBe(false);
    expect(await b.tries()).toBe(false);
    expect(await b.tries('another poller')).toBe(true);
    await lock.extend();
    expect(await b.tries()).toBe(false);
    await lock.release();
    expect([...table.items.keys()]).toEqual(['another poller']);
    expect(await b.tries()).toBe(true);
  });

  it('L4: takes over once it has seen one version for a whole ttl, and no sooner', async () => {
    const table = createTable();
    const [a, b] = [createInstance(table), createInstance(table)];
    const dead = a.lock();
    await dead.acquireImmediately();
    expect(await b.tries()).toBe(false);
    b.pass(ttlMs - 1);
    expect(await b.tries()).toBe(false);
    b.pass(1);
    expect(await b.tries()).toBe(true);
    await expect(dead.extend()).rejects.toMatchObject({ code: LOCK_NOT_OWNED });
    await expect(dead.release()).rejects.toMatchObject({ code: LOCK_NOT_OWNED });
    expect(table.items.size).toBe(1);
  });

  it('never takes over from a holder who renews, however seldom a contender looks', async () => {
    const table = createTable();
    const [a, b] = [createInstance(table), createInstance(table)];
    const alive = a.lock();
    await alive.acquireImmediately();
    for (let hours = 0; hours < 50; hours++) {
      expect(await b.tries()).toBe(false);
      b.pass(3_600_000);
      await alive.extend(ttlMs);
    }
    expect(await b.tries()).toBe(false);
  });

  it("goes by the holder's ttl, not by the contender's own", async () => {
    const table = createTable();
    const [a, b] = [createInstance(table), createInstance(table)];
    await a.lock('poller', 60_000).acquireImmediately();
    expect(await b.lock('poller', 1_000).acquireImmediately()).toBe(false);
    b.pass(59_999);
    expect(await b.lock('poller', 1_000).acquireImmediately()).toBe(false);
    b.pass(1);
    expect(await b.lock('poller', 1_000).acquireImmediately()).toBe(true);
    expect(table.items.get('poller')).toMatchObject({ ttlMs: { N: '1000' } });
    expect(await a.tries()).toBe(false);
    a.pass(1_000);
    expect(await a.tries()).toBe(true);
  });

  it('knows when the present holder will count as dead', async () => {
    const table = createTable();
    const [a, b] = [createInstance(table), createInstance(table)];
    const alive = a.lock();
    await alive.acquireImmediately();
    const contender = b.lock();
    expect(contender.claimableInMs?.()).toBeUndefined();
    await contender.acquireImmediately();
    expect(contender.claimableInMs?.()).toBe(ttlMs);
    b.pass(ttlMs - 7);
    expect(b.lock().claimableInMs?.()).toBe(7);
    await alive.extend();
    await contender.acquireImmediately();
    expect(contender.claimableInMs?.()).toBe(ttlMs);
  });

  it('of two who find the same holder dead, one takes over', async () => {
    const table = createTable();
    const contenders = Array.from({ length: 5 }, () => createInstance(table));
    await createInstance(table).tries();
    await Promise.all(contenders.map(({ tries }) => tries()));
    for (const { pass } of contenders) pass(ttlMs);
    const granted = await Promise.all(contenders.map(({ tries }) => tries()));
    expect(granted.filter(Boolean)).toHaveLength(1);
  });

  it('does not take over from a holder whose renewal comes between the look and the write', async () => {
    const table = createTable();
    const [a, b] = [createInstance(table), createInstance(table)];
    const alive = a.lock();
    await alive.acquireImmediately();
    await b.tries();
    b.pass(ttlMs);
    table.afterwards = (command) => {
      table.afterwards = undefined;
      if (command instanceof GetItemCommand) void alive.extend();
    };
    expect(await b.tries()).toBe(false);
    // It has seen the new version on the way, and counts from there.
    b.pass(ttlMs - 1);
    expect(await b.tries()).toBe(false);
    b.pass(1);
    expect(await b.tries()).toBe(true);
  });

  it.each([true, false])(
    'a write that the client sent twice, its first answer being lost, is a grant (item sent along: %s)',
    async (returnsItems) => {
      const table = Object.assign(createTable(), { returnsItems });
      // The second sending fails the condition because the first one took.
      table.sendTwice = true;
      const [a, b] = [createInstance(table), createInstance(table)];
      const lock = a.lock();
      expect(await lock.acquireImmediately()).toBe(true);
      await lock.extend();
      expect(await b.tries()).toBe(false);
      b.pass(ttlMs);
      expect(await b.tries()).toBe(true);
      table.sendTwice = false;
      await expect(lock.extend()).rejects.toMatchObject({ code: LOCK_NOT_OWNED });
    },
  );

  it.each([true, false])(
    'L4: a renewal that was given up and comes late brings no version back that a contender has seen (item sent along: %s)',
    async (returnsItems) => {
      const table = Object.assign(createTable(), { returnsItems });
      const [a, b] = [createInstance(table), createInstance(table)];
      const alive = a.lock();
      await alive.acquireImmediately();
      // The client sends it twice. The first one arrives, and its response is lost.
      await alive.extend();
      const second = table.sent.at(-1) ?? {};
      await b.tries();
      b.pass(ttlMs - 1);
      await alive.extend();
      const late = table.send(second);
      await expect(late).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
      b.pass(1);
      expect(await b.tries()).toBe(false);
    },
  );

  it.each([true, false])(
    'L6: a renewal that a later one has overtaken is no loss (item sent along: %s)',
    async (returnsItems) => {
      const table = Object.assign(createTable(), { returnsItems });
      let held: (() => Promise<unknown>) | undefined;
      const a = createInstance({
        send: (command) =>
          command instanceof UpdateItemCommand && held === undefined
            ? new Promise((resolve) => {
                held = async () => {
                  resolve(table.send(command));
                };
              })
            : table.send(command),
      });
      const lock = a.lock();
      await lock.acquireImmediately();
      const first = lock.extend();
      await lock.extend();
      await held?.();
      await first;
      expect(table.items.size).toBe(1);
    },
  );

  it('a release that the client sent twice leaves nothing', async () => {
    const table = createTable();
    const a = createInstance(table);
    const lock = a.lock();
    await lock.acquireImmediately();
    table.sendTwice = true;
    await expect(lock.release()).rejects.toMatchObject({ code: LOCK_NOT_OWNED });
    expect(table.items.size).toBe(0);
  });

  it('L7: a grant whose answer was lost is given back by the same lock', async () => {
    const table = createTable();
    const a = createInstance(table);
    const lock = a.lock();
    table.afterwards = (command) => {
      if (command instanceof PutItemCommand) throw new Error('socket hang up');
    };
    await expect(lock.acquireImmediately()).rejects.toThrow('socket hang up');
    table.afterwards = undefined;
    await lock.release();
    expect(table.items.size).toBe(0);
  });

  it('L6: passes the client\'s own errors on, and calls nothing "not owned" but a failed condition', async () => {
    const throttled = Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
    const lock = createInstance({ send: () => Promise.reject(throttled) }).lock();
    await expect(lock.acquireImmediately()).rejects.toBe(throttled);
    await expect(lock.extend()).rejects.toBe(throttled);
    await expect(lock.release()).rejects.toBe(throttled);
  });

  it('costs one read for a name that is held, and writes a new version each time', async () => {
    const table = createTable();
    const [a, b] = [createInstance(table), createInstance(table)];
    const lock = a.lock();
    await lock.acquireImmediately();
    const versions = new Set([valueOf(table.items.get('poller')?.['version'])]);
    for (let i = 0; i < 10; i++) {
      await lock.extend();
      versions.add(valueOf(table.items.get('poller')?.['version']));
    }
    expect(versions.size).toBe(11);
    table.sent.length = 0;
    await b.tries();
    expect(table.sent).toHaveLength(1);
    expect(table.sent[0]).toBeInstanceOf(GetItemCommand);
  });

  it("refuses another application's items, and shows what it found", async () => {
    const table = createTable();
    table.items.set('poller', { name: { S: 'poller' }, color: { S: 'blue' } });
    await expect(createInstance(table).tries()).rejects.toThrow(/owner, version and ttlMs.*color/);
    expect(table.items.get('poller')).toMatchObject({ color: { S: 'blue' } });
  });
});
