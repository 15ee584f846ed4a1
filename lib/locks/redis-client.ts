import { formatValue } from '../common/format-value.js';
import { getProperty } from '../common/property.js';

/**
 * The part of a Redis client that the locks use. `Redis` and `Cluster` of ioredis 5 and 6 (and of
 * iovalkey) fit, and so do node-redis' `createClient`, `createCluster` and `createSentinel`.
 */
export interface RedisClient {
  /** Makes a client with the same options and no connection yet. */
  duplicate(...args: never[]): object;
  /** Opens the connection. */
  connect(...args: never[]): Promise<unknown>;
  /** Runs a script on the server. */
  eval(...args: never[]): unknown;
}

/** A connection of the locks. It is opened once; after `destroy` it is no longer usable. */
export interface RedisConnection {
  open(): Promise<void>;
  evaluate(script: string, key: string, args: readonly string[]): Promise<unknown>;
  /** Ends it at once, whatever it waits for. Nothing of it then holds the process. */
  destroy(): void;
  /** It was opened, and has ended since: a server closes connections that are idle for long. */
  hasEnded(): boolean;
  /** It keeps the process alive while it is open. */
  holdsProcess: boolean;
}

/** The driver ends a connect that takes longer, even if no call waits for it. */
const CONNECT_TIMEOUT_MS = 3_000;

/** A connection with the client's options. It ends for good at its first error. */
export function duplicateOf(client: RedisClient): RedisConnection {
  return isIoRedis(client) ? ofIoRedis(client) : ofNodeRedis(client);
}

/** ioredis has a property `status`; node-redis has none. */
function isIoRedis(client: object): boolean {
  return typeof getProperty(client, 'status') === 'string';
}

function ofIoRedis(client: RedisClient): RedisConnection {
  const options = {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // The next call opens a new connection: it asks DNS and Sentinel again who is the primary.
    retryStrategy: neverReconnect,
    clusterRetryStrategy: neverReconnect,
    // The caller sees errors such as READONLY, and then ends the connection.
    reconnectOnError: null,
    // It would wait for as long as the server loads, and needs the right to call INFO.
    enableReadyCheck: false,
    enableOfflineQueue: true,
    // Of a connection for subscribers.
    autoResubscribe: false,
  };
  const isCluster = getProperty(client, 'isCluster') === true;
  const redis = isCluster
    ? call(client, 'duplicate', [], options)
    : call(client, 'duplicate', options);
  /** No connection holds the process: neither its own nor, of a cluster, those to its nodes. */
  function unref(): void {
    const nodes = call(redis, 'nodes');
    const listener = getProperty(getProperty(redis, 'subscriber'), 'subscriber');
    for (const one of [redis, listener, ...(Array.isArray(nodes) ? (nodes as unknown[]) : [])]) {
      call(getProperty(one, 'stream'), 'unref');
    }
  }

  let trouble: unknown;
  // Without a listener, ioredis prints. It reports connection errors only here.
  call(redis, 'on', 'error', (error: unknown) => void (trouble = error));

  return {
    async open() {
      try {
        const opening = call(redis, 'connect');
        unref();
        await opening;
        unref();
      } catch (error) {
        throw trouble ?? error;
      }
    },
    async evaluate(script, key, args) {
      try {
        return await promised(redis, 'eval', script, 1, key, ...args);
      } catch (error) {
        // The error of a script on a connection that was refused. The reason comes by an event only.
        const isClosed = getProperty(error, 'message') === 'Connection is closed.';
        throw isClosed ? (trouble ?? error) : error;
      } finally {
        // A cluster connects to a node when it first needs it.
        if (isCluster) unref();
      }
    },
    destroy() {
      call(redis, 'disconnect');
      // Otherwise it waits for seconds until a server closes that may be unreachable.
      call(getProperty(redis, 'stream'), 'destroy');
    },
    hasEnded: () => ['close', 'end'].includes(String(getProperty(redis, 'status'))),
    holdsProcess: false,
  };
}

function neverReconnect(): null {
  return null;
}

function ofNodeRedis(client: RedisClient): RedisConnection {
  const socket = getProperty(getProperty(client, 'options'), 'socket');
  const own = { ...(socket as object | undefined), reconnectStrategy: false };
  // A cluster and a sentinel have no socket of their own, and keep their own ways.
  const isCluster = typeof getProperty(client, 'slots') === 'object';
  const redis = call(client, 'duplicate', {
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, ...own },
    // Its timer would hold the process. Calls that are late find out the same.
    pingInterval: 0,
  });
  let isOpened = false;
  // Without a listener, node-redis ends the process.
  call(redis, 'on', 'error', () => undefined);
  call(redis, 'unref');

  /** A cluster connects to a node when it first needs it. */
  function unrefNodes(): void {
    for (const nodes of [getProperty(redis, 'masters'), getProperty(redis, 'replicas')]) {
      if (!Array.isArray(nodes)) continue;
      for (const node of nodes) call(getProperty(node, 'client'), 'unref');
    }
  }

  return {
    async open() {
      await call(redis, 'connect');
      isOpened = true;
      unrefNodes();
    },
    async evaluate(script, key, args) {
      try {
        return await promised(redis, 'eval', script, { keys: [key], arguments: [...args] });
      } finally {
        if (isCluster) unrefNodes();
      }
    },
    destroy() {
      try {
        // Called `disconnect` before node-redis 5.
        const method = getProperty(redis, 'destroy') === undefined ? 'disconnect' : 'destroy';
        Promise.resolve(call(redis, method)).catch(() => undefined);
      } catch {
        // It says so if it was not open.
      }
    },
    hasEnded: () => isOpened && getProperty(redis, 'isOpen') === false,
    // A sentinel client hides its connections.
    holdsProcess: !isCluster && getProperty(redis, 'unref') === undefined,
  };
}

/** Calls a method that may not be there, as not every version of every client has all of them. */
function call(owner: unknown, method: string, ...args: unknown[]): unknown {
  const fn = getProperty(owner, method);
  return typeof fn === 'function' ? Reflect.apply(fn, owner, args) : undefined;
}

async function promised(owner: unknown, method: string, ...args: unknown[]): Promise<unknown> {
  return await call(owner, method, ...args);
}

export function checkRedisClient(client: unknown): RedisClient {
  const isClient = ['duplicate', 'connect', 'eval'].every(
    (method) => typeof getProperty(client, method) === 'function',
  );
  if (isClient) return client as RedisClient;
  throw new TypeError(
    `redisLocks: expected client, of ioredis or node-redis (with duplicate, connect and eval), got ${formatValue(client)}`,
  );
}
