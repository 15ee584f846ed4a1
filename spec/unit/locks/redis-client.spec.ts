import { describe, expect, it, vi } from 'vitest';
import type { RedisClient } from '../../../lib/locks/redis-client.js';
import { checkRedisClient, duplicateOf } from '../../../lib/locks/redis-client.js';

/** A client whose duplicate has these members, and what `duplicate` was called with. */
function clientOf(members: object, own: object = {}) {
  const duplicate = vi.fn<(...args: unknown[]) => object>(() => members);
  const client = { duplicate, connect: vi.fn(), eval: vi.fn(), ...own };
  return { client: client as unknown as RedisClient, options: () => duplicate.mock.calls[0] };
}

describe('a connection of ioredis', () => {
  /** The duplicate: it connects, and answers scripts, as the spec says. */
  function setUp(members: object = {}, own: object = {}) {
    const listeners = new Map<string, (error: Error) => void>();
    const stream = { unref: vi.fn(), destroy: vi.fn() };
    const duplicate = {
      status: 'wait',
      stream,
      on: (event: string, listener: (error: Error) => void) => void listeners.set(event, listener),
      connect: vi.fn(async () => undefined),
      disconnect: vi.fn(),
      eval: vi.fn<(...args: unknown[]) => Promise<unknown>>(async () => 'answer'),
      ...members,
    };
    const { client, options } = clientOf(duplicate, { status: 'ready', ...own });
    const connection = duplicateOf(client);
    const breakBy = (error: Error) => listeners.get('error')?.(error);
    return { connection, duplicate, stream, options, breakBy };
  }
  const expected = {
    lazyConnect: true,
    reconnectOnError: null,
    enableReadyCheck: false,
    enableOfflineQueue: true,
    autoResubscribe: false,
    connectTimeout: 3_000,
  };

  it.each([
    ['one server', {}, 0],
    ['a cluster, whose options come second', { isCluster: true }, 1],
  ])('L11: to %s never reconnects by itself', (_, own, index) => {
    const options = setUp({}, own).options()?.[index] as Record<string, () => unknown>;
    expect(options).toMatchObject(expected);
    expect(options['retryStrategy']?.()).toBeNull();
    expect(options['clusterRetryStrategy']?.()).toBeNull();
  });

  it('runs a script on one key', async () => {
    const { connection, duplicate } = setUp();
    await connection.open();
    expect(await connection.evaluate('script', 'key', ['a', 'b'])).toBe('answer');
    expect(duplicate.eval).toHaveBeenCalledExactlyOnceWith('script', 1, 'key', 'a', 'b');
  });

  it('S3: holds the process neither while it connects nor later', async () => {
    let connected: () => void = () => undefined;
    const { connection, stream } = setUp({
      connect: () => new Promise<void>((resolve) => (connected = resolve)),
    });
    const opening = connection.open();
    expect(stream.unref).toHaveBeenCalledTimes(1);
    connected();
    await opening;
    expect(stream.unref).toHaveBeenCalledTimes(2);
    expect(connection.holdsProcess).toBe(false);
  });

  it('S3: of a cluster holds the process by none of its nodes', async () => {
    const [node, subscriber] = [vi.fn(), vi.fn()];
    const { connection } = setUp(
      {
        nodes: () => [{ stream: { unref: node } }],
        subscriber: { subscriber: { stream: { unref: subscriber } } },
      },
      { isCluster: true },
    );
    await connection.evaluate('script', 'key', []);
    expect([node.mock.calls.length, subscriber.mock.calls.length]).toEqual([1, 1]);
  });

  const refused = new Error('connect ECONNREFUSED');
  const closedError = new Error('Connection is closed.');
  const closed = () => Promise.reject(closedError);

  it('L11: that can not be opened says why, not that it is closed', async () => {
    const { connection, breakBy } = setUp({ connect: closed });
    const opening = connection.open();
    breakBy(refused);
    await expect(opening).rejects.toBe(refused);
    await expect(setUp({ connect: closed }).connection.open()).rejects.toThrow('is closed');
  });

  it.each<[string, Error, Error | undefined, Error]>([
    ['why the connection broke', closedError, refused, refused],
    ['that it is closed, if there is no other reason', closedError, undefined, closedError],
    ["the server's own error", new Error('OOM'), refused, new Error('OOM')],
  ])('L11: a script that fails rejects with %s', async (_, thrown, before, error) => {
    const { connection, breakBy } = setUp({ eval: () => Promise.reject(thrown) });
    if (before !== undefined) breakBy(before);
    await expect(connection.evaluate('script', 'key', [])).rejects.toThrow(error.message);
  });

  it('L11: ends at once, with its socket', () => {
    const { connection, duplicate, stream } = setUp();
    connection.destroy();
    expect([duplicate.disconnect, stream.destroy].map(({ mock }) => mock.calls.length)).toEqual([
      1, 1,
    ]);
  });

  it.each([
    ['wait', false],
    ['connecting', false],
    ['ready', false],
    ['close', true],
    ['end', true],
  ])('of status %s has ended: %s', (status, ended) => {
    expect(setUp({ status }).connection.hasEnded()).toBe(ended);
  });
});

describe('a connection of node-redis', () => {
  function setUp(members: object = {}, own: object = {}) {
    const duplicate = {
      isOpen: false,
      on: vi.fn(),
      unref: vi.fn(),
      connect: vi.fn(async () => undefined),
      destroy: vi.fn(),
      eval: vi.fn<(...args: unknown[]) => Promise<unknown>>(async () => 'answer'),
      ...members,
    };
    const { client, options } = clientOf(duplicate, own);
    return { connection: duplicateOf(client), duplicate, options };
  }

  it("L11: keeps the client's socket options, but never reconnects by itself", () => {
    const { options } = setUp({}, { options: { socket: { host: 'redis', reconnectStrategy: 7 } } });
    expect(options()).toEqual([
      {
        socket: { host: 'redis', connectTimeout: 3_000, reconnectStrategy: false },
        pingInterval: 0,
      },
    ]);
  });

  it('L11: takes a shorter or longer time to connect from the client', () => {
    const { options } = setUp({}, { options: { socket: { connectTimeout: 500 } } });
    expect(options()).toMatchObject([{ socket: { connectTimeout: 500 } }]);
  });

  it('runs a script on one key', async () => {
    const { connection, duplicate } = setUp();
    expect(await connection.evaluate('script', 'key', ['a', 'b'])).toBe('answer');
    expect(duplicate.eval).toHaveBeenCalledExactlyOnceWith('script', {
      keys: ['key'],
      arguments: ['a', 'b'],
    });
  });

  it('S3: holds the process by no node of a cluster', async () => {
    const [master, replica] = [vi.fn(), vi.fn()];
    const { connection, duplicate } = setUp(
      { masters: [{ client: { unref: master } }], replicas: [{ client: { unref: replica } }] },
      { slots: [] },
    );
    expect(duplicate.unref).toHaveBeenCalledOnce();
    await connection.open();
    await connection.evaluate('script', 'key', []);
    expect([master.mock.calls.length, replica.mock.calls.length]).toEqual([2, 2]);
  });

  it.each<[string, object, object, boolean]>([
    ['a client', {}, {}, false],
    ['a cluster, whose nodes are not held', { unref: undefined }, { slots: [] }, false],
    ['a sentinel, which hides its connections', { unref: undefined }, {}, true],
  ])('S4: of %s', (_, members, own, holds) => {
    expect(setUp(members, own).connection.holdsProcess).toBe(holds);
  });

  it('has ended once it was opened and is open no longer', async () => {
    const { connection, duplicate } = setUp();
    expect(connection.hasEnded()).toBe(false);
    await connection.open();
    duplicate.isOpen = true;
    expect(connection.hasEnded()).toBe(false);
    duplicate.isOpen = false;
    expect(connection.hasEnded()).toBe(true);
  });

  it('L11: ends at once, by the method that its version has', () => {
    const { connection, duplicate } = setUp();
    connection.destroy();
    expect(duplicate.destroy).toHaveBeenCalledOnce();
    const disconnect = vi.fn();
    setUp({ destroy: undefined, disconnect }).connection.destroy();
    expect(disconnect).toHaveBeenCalledOnce();
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('The client is closed');
      },
    ],
    ['rejects', () => Promise.reject(new Error('The client is closed'))],
  ])('L9: one whose end %s does no harm', async (_, destroy) => {
    const onUnhandled = vi.fn();
    process.on('unhandledRejection', onUnhandled);
    setUp({ destroy }).connection.destroy();
    await new Promise(setImmediate);
    process.off('unhandledRejection', onUnhandled);
    expect(onUnhandled).not.toHaveBeenCalled();
  });
});

describe('checkRedisClient', () => {
  const client = { duplicate: vi.fn(), connect: vi.fn(), eval: vi.fn() };

  it('takes whatever has the three methods', () => {
    expect(checkRedisClient(client)).toBe(client);
  });

  it.each(['duplicate', 'connect', 'eval'])('refuses a client without %s', (method) => {
    expect(() => checkRedisClient({ ...client, [method]: undefined })).toThrow(TypeError);
  });
});
