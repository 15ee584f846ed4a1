import type { LockFactory } from '../../../lib/locks/types.js';

/** How to reach a store: plain data, to be handed to other processes. */
export interface Connection {
  engine: 'redis' | 'postgresql' | 'dynamodb';
  port: number;
  /** Redis only: user, password and database of an outside server. */
  url?: string;
}

export interface Client {
  locks: LockFactory;
  close(): Promise<void>;
}

export const tableName = 'stepfunc_source_locks';

/** A client with the options that docs/cluster.md asks for, loading its own driver only. */
export function connectTo(connection: Connection): Promise<Client> {
  switch (connection.engine) {
    case 'redis':
      return connectToRedis(connection);
    case 'postgresql':
      return connectToPostgresql(connection);
    case 'dynamodb':
      return connectToDynamoDb(connection);
  }
}

/** Of a Redis, with the user, the password and the database that an outside one needs. */
export function redisUrl({ port, url = 'redis://127.0.0.1' }: Connection): string {
  const address = new URL(url);
  address.hostname = '127.0.0.1';
  address.port = String(port);
  return address.href;
}

async function connectToRedis(connection: Connection): Promise<Client> {
  const { LockFactory: VerrouLocks } = await import('@verrou/core');
  const { redisStore } = await import('@verrou/core/drivers/redis');
  const { Redis } = await import('ioredis');
  const redis = new Redis(redisUrl(connection), {
    maxRetriesPerRequest: 1,
    commandTimeout: 1_000,
    connectTimeout: 1_000,
    // So that a test need not wait long after a store has come back.
    retryStrategy: () => 50,
  });
  // Without a listener, ioredis prints.
  redis.on('error', () => undefined);
  return {
    locks: new VerrouLocks(redisStore({ connection: redis }).factory()),
    close: async () => redis.disconnect(),
  };
}

async function connectToPostgresql({ port }: Connection): Promise<Client> {
  const { LockFactory: VerrouLocks } = await import('@verrou/core');
  const { knexStore } = await import('@verrou/core/drivers/knex');
  const { default: createKnex } = await import('knex');
  const knex = createKnex({
    client: 'pg',
    connection: {
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password: 'postgres',
      database: 'postgres',
      connectionTimeoutMillis: 1_000,
      query_timeout: 1_000,
    },
    acquireConnectionTimeout: 1_500,
    pool: { min: 0, max: 2 },
    // It would print every connection that a test cuts.
    log: { warn: ignore, error: ignore, debug: ignore, deprecate: ignore },
  });
  const store = knexStore({ connection: knex, tableName, autoCreateTable: false });
  return { locks: new VerrouLocks(store.factory()), close: () => knex.destroy() };
}

function ignore(): void {
  // Told by rejections all the same.
}

async function connectToDynamoDb({ port }: Connection): Promise<Client> {
  const { dynamoDbLocks } = await import('../../../lib/locks/dynamodb.js');
  const client = await dynamoDbClient(port);
  return {
    locks: dynamoDbLocks({ client, tableName }),
    close: async () => client.destroy(),
  };
}

export async function dynamoDbClient(port: number) {
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  return new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 2,
    requestHandler: {
      connectionTimeout: 500,
      requestTimeout: 1_000,
      throwOnRequestTimeout: true,
    },
  });
}
