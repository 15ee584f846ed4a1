import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LockFactory as Verrou } from '@verrou/core';
import { redisStore } from '@verrou/core/drivers/redis';
import { Redis } from 'ioredis';
import type { LockFactory } from 'stepfunc-source';
import { dynamoDbLocks } from 'stepfunc-source/locks/dynamodb';
import type { Settings } from './settings.js';

export interface Locks {
  /** Undefined: each instance has a limit of its own. */
  factory: LockFactory | undefined;
  /** To be called once the sources have stopped. */
  close(): void;
}

/** The store behind the cluster-wide limit. A store that is down now is no reason not to start. */
export function connectLocks(settings: Settings['locks']): Locks {
  if (settings === undefined) return { factory: undefined, close: () => undefined };
  if (settings.kind === 'redis') {
    const connection = new Redis(settings.url, {
      maxRetriesPerRequest: 1,
      commandTimeout: 1_000,
      connectTimeout: 1_000,
    });
    // The source emits lockStoreFailed, and logs it; ioredis would print it as well.
    connection.on('error', () => undefined);
    const factory = new Verrou(redisStore({ connection }).factory());
    return { factory, close: () => connection.disconnect() };
  }
  const client = new DynamoDBClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
  });
  const factory = dynamoDbLocks({ client, tableName: settings.tableName });
  return { factory, close: () => client.destroy() };
}
