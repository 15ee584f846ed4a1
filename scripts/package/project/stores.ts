/** Compiled in a scratch project that has no driver, never run: every lock store's types stand alone. */
import type { LockFactory, StepFuncSourceOptions } from 'stepfunc-source';
import type { DynamoDbClient } from 'stepfunc-source/locks/dynamodb';
import { dynamoDbLocks } from 'stepfunc-source/locks/dynamodb';
import type { MySqlLocks, MySqlPool } from 'stepfunc-source/locks/mysql';
import { mysqlLocks } from 'stepfunc-source/locks/mysql';
import type { PgConnection, PgPool, PostgresLocks } from 'stepfunc-source/locks/postgres';
import { postgresLocks } from 'stepfunc-source/locks/postgres';
import type { Membership, RedisClient } from 'stepfunc-source/locks/redis';
import { LockNotOwnedError, redisLocks } from 'stepfunc-source/locks/redis';

declare const redis: RedisClient;
declare const mysqlPool: MySqlPool;
declare const dynamoDb: DynamoDbClient;
declare const connection: PgConnection;
const pgPool: PgPool = { connect: () => Promise.resolve(connection) };

const postgres: PostgresLocks = postgresLocks({ pool: pgPool, tableName: 'app.locks' });
const mysql: MySqlLocks = mysqlLocks({ pool: mysqlPool });
export const all: LockFactory[] = [
  redisLocks({ client: redis }),
  postgres,
  mysql,
  dynamoDbLocks({ client: dynamoDb, tableName: 'locks' }),
];
export const options: StepFuncSourceOptions[] = all.map((locks) => ({ locks }));

export async function use(): Promise<readonly string[]> {
  await postgres.ensureTable();
  await mysql.ensureTable();
  const membership: Membership | undefined = postgres.createMembership?.('members', 30_000);
  return (await membership?.renew('here')) ?? [];
}

export function isNotOwned(error: unknown): boolean {
  return error instanceof LockNotOwnedError;
}
