import type { LockFactory } from '../../../lib/locks/types.js';

/** Which driver a client of a store is made with. The first of each store is what the docs name. */
export const drivers = {
  redis: ['ioredis', 'ioredis 6', 'node-redis'],
  postgresql: ['pg', 'postgres.js'],
  mysql: ['mysql2/promise', 'mysql2'],
  dynamodb: ['the SDK'],
} as const;

/**
 * Loads the drivers of a store. A driver of hundreds of files blocks a busy machine's event loop for
 * seconds: it must not be loaded while a lease is held.
 */
export async function loadDrivers(engine: StoreKind): Promise<void> {
  const load = {
    redis: () => [import('ioredis'), import('ioredis6'), import('redis')],
    postgresql: () => [import('pg'), import('postgres')],
    mysql: () => [import('mysql2'), import('mysql2/promise')],
    dynamodb: () => [import('@aws-sdk/client-dynamodb')],
  };
  await Promise.all(load[engine]());
}

export type StoreKind = keyof typeof drivers;
/** For a Redis Cluster, by the URL of one node. */
export type ClusterDriver = 'ioredis cluster' | 'ioredis 6 cluster' | 'node-redis cluster';

export type Driver = (typeof drivers)[StoreKind][number] | ClusterDriver;

/** How to reach a store: plain data, to be handed to other processes. */
export interface Connection {
  engine: StoreKind;
  /** With user, password and database. */
  url: string;
  driver?: Driver;
}

/** The first driver where none is named. `STORE_DRIVER` puts another in its place. */
export function driverOf({ engine, driver }: Pick<Connection, 'engine' | 'driver'>): Driver {
  const byEnvironment = drivers[engine].find((each) => each === process.env['STORE_DRIVER']);
  return driver ?? byEnvironment ?? drivers[engine][0];
}

export interface Client {
  locks: LockFactory;
  close(): Promise<void>;
}

export const tableName = 'stepfunc_source_locks';

/** A client such as an application has, with the options that its driver has by itself. */
export async function connectTo(connection: Connection): Promise<Client> {
  const { url } = connection;
  switch (driverOf(connection)) {
    case 'ioredis':
      return ofIoRedis((await import('ioredis')).Redis, url);
    case 'ioredis 6':
      return ofIoRedis((await import('ioredis6')).Redis, url);
    case 'node-redis':
      return ofNodeRedis(url);
    case 'ioredis cluster':
      return ofIoRedisCluster((await import('ioredis')).Cluster, url);
    case 'ioredis 6 cluster':
      return ofIoRedisCluster((await import('ioredis6')).Cluster, url);
    case 'node-redis cluster':
      return ofNodeRedisCluster(url);
    case 'pg':
      return ofPg(url);
    case 'postgres.js':
      return ofPostgresJs(url);
    case 'mysql2/promise':
      return ofMySql(await import('mysql2/promise'), url);
    case 'mysql2':
      return ofMySql((await import('mysql2')).default, url);
    case 'the SDK':
      return ofTheSdk(url);
  }
}

interface IoRedis {
  duplicate(): object;
  connect(): Promise<unknown>;
  eval(...args: never[]): unknown;
  disconnect(): void;
}

/** The application's own client stays unused here: the locks need its options only. */
async function ofIoRedis(
  Redis: new (url: string, options: { lazyConnect: boolean }) => IoRedis,
  url: string,
): Promise<Client> {
  const { redisLocks } = await import('../../../lib/locks/redis.js');
  const client = new Redis(url, { lazyConnect: true });
  return { locks: redisLocks({ client }), close: async () => client.disconnect() };
}

async function ofNodeRedis(url: string): Promise<Client> {
  const { redisLocks } = await import('../../../lib/locks/redis.js');
  const { createClient } = await import('redis');
  // The Redis in JavaScript speaks no RESP 3.
  const client = createClient({ url, RESP: 2 });
  return { locks: redisLocks({ client }), close: async () => undefined };
}

async function ofIoRedisCluster(
  Cluster: new (nodes: string[], options: { lazyConnect: boolean }) => IoRedis,
  url: string,
): Promise<Client> {
  const { redisLocks } = await import('../../../lib/locks/redis.js');
  const client = new Cluster([url], { lazyConnect: true });
  return { locks: redisLocks({ client }), close: async () => client.disconnect() };
}

async function ofNodeRedisCluster(url: string): Promise<Client> {
  const { redisLocks } = await import('../../../lib/locks/redis.js');
  const { createCluster } = await import('redis');
  const client = createCluster({ rootNodes: [{ url }] });
  return { locks: redisLocks({ client }), close: async () => undefined };
}

async function ofPg(url: string): Promise<Client> {
  const { postgresLocks } = await import('../../../lib/locks/postgres.js');
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({ connectionString: url });
  return {
    locks: postgresLocks({ pool, tableName }),
    // It waits for as long as a silent server does not answer: docs/cluster.md.
    close: () => Promise.race([pool.end(), atMost(2_000)]),
  };
}

const atMost = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms).unref());

async function ofPostgresJs(url: string): Promise<Client> {
  const { postgresLocks } = await import('../../../lib/locks/postgres.js');
  const { createPostgresJsPool } = await import('./postgres-js.js');
  const { pool, close } = createPostgresJsPool(url);
  return { locks: postgresLocks({ pool, tableName }), close };
}

async function ofMySql(
  mysql: {
    createPool(url: string): {
      getConnection(...args: never[]): unknown;
      end(): Promise<void> | void;
    };
  },
  url: string,
): Promise<Client> {
  const { mysqlLocks } = await import('../../../lib/locks/mysql.js');
  const pool = mysql.createPool(url);
  return {
    locks: mysqlLocks({ pool, tableName }),
    close: async () => {
      // Not awaited: with a connection that is lost already it rejects, or never settles.
      void pool.end()?.catch(() => undefined);
    },
  };
}

async function ofTheSdk(url: string): Promise<Client> {
  const { dynamoDbLocks } = await import('../../../lib/locks/dynamodb.js');
  const client = await dynamoDbClient(url);
  return {
    locks: dynamoDbLocks({ client, tableName }),
    close: async () => client.destroy(),
  };
}

export async function dynamoDbClient(endpoint: string) {
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  return new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 2,
    requestHandler: {
      connectionTimeout: 500,
      // More than the docs' second: on a busy machine the server is slow.
      requestTimeout: 3_000,
      throwOnRequestTimeout: true,
    },
  });
}
