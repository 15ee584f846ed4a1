import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, vi } from 'vitest';
import { dynamoDbLocks } from '../../../lib/locks/dynamodb.js';

const client = { send: vi.fn<(command: object) => Promise<unknown>>(async () => ({})) };

describe('dynamoDbLocks', () => {
  it.each([
    [undefined, /client.*got nothing/],
    [{}, /client.*got nothing/],
    [{ client: {}, tableName: 'locks' }, /client.*got an object/],
    [{ client }, /tableName.*got nothing/],
    [{ client, tableName: '' }, /tableName.*got ""/],
  ])('throws a TypeError for %j', (options, message) => {
    expect(() => dynamoDbLocks(options as never)).toThrow(message);
    expect(() => dynamoDbLocks(options as never)).toThrow(TypeError);
  });

  it("takes the SDK's own client, and calls nothing before it is asked to", () => {
    const own = new DynamoDBClient({ region: 'us-east-1' });
    const send = vi.spyOn(own, 'send');
    const locks = dynamoDbLocks({ client: own, tableName: 'locks' });
    expect(locks.createLock('poller', 30_000)).toBeDefined();
    expect(send).not.toHaveBeenCalled();
    own.destroy();
  });

  it('calls the client as its method, and locks and members in one table', async () => {
    const { send } = client;
    const calling = {
      client,
      async send(this: { client: unknown }, command: object) {
        expect(this.client).toBe(client);
        return send(command);
      },
    };
    const locks = dynamoDbLocks({ client: calling, tableName: 'locks' });
    await locks.createLock('poller', 30_000).acquireImmediately();
    await locks.createMembership?.('group', 30_000).renew('me');
    const tables = send.mock.calls.map(
      ([command]) => (command as { input: { TableName: string } }).input.TableName,
    );
    expect(new Set(tables)).toEqual(new Set(['locks']));
  });
});
