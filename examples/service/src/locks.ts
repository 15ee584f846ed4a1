import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Redis } from 'ioredis';
import type { LockFactory } from 'stepfunc-source';
import { dynamoDbLocks } from 'stepfunc-source/locks/dynamodb';
import { redisLocks } from 'stepfunc-source/locks/redis';
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
    // Never connected: the locks open a duplicate of it, when they need one, and close it.
    const client = new Redis(settings.url, { lazyConnect: true });
    return { factory: redisLocks({ client }), close: () => client.disconnect() };
  }
  const client = new DynamoDBClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
  });
  const factory = dynamoDbLocks({ client, tableName: settings.tableName });
  return { factory, close: () => client.destroy() };
}
