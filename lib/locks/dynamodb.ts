import { systemClock } from '../async/clock.js';
import { getProperty } from '../common/property.js';
import { formatValue } from '../common/format-value.js';
import { dynamoDbLockFactory } from './dynamodb-lock.js';
import { createDynamoDbMembership } from './dynamodb-members.js';
import type { LockFactory } from './types.js';

export type { Lock, LockFactory, Membership } from './types.js';
export { LockNotOwnedError } from './lock-not-owned.js';

/** The part of a DynamoDB client that the locks use. A `DynamoDBClient` of the SDK fits. */
export interface DynamoDbClient {
  /** Sends one of the SDK's commands: resolves to its output, rejects with the SDK's errors. */
  send(command: object): Promise<unknown>;
}

/** The argument of `dynamoDbLocks`. */
export interface DynamoDbLocksOptions {
  /** The client. Give it timeouts: the SDK has none by default. The locks never destroy it. */
  client: DynamoDbClient;
  /** A table whose only key is the partition key `name`, a string. It must exist. */
  tableName: string;
  /**
   * For tests: a clock in milliseconds that never jumps.
   *
   * @default performance.now
   */
  monotonic?: (() => number) | undefined;
}

/**
 * Makes locks in a table of DynamoDB. Each lock that is held is an item with its owner, its TTL and a
 * version that every write changes. Writes are conditional, so that DynamoDB decides between two
 * instances that want the same lock.
 *
 * Clocks of two machines are never compared. A holder counts as dead once a contender has seen the
 * same version for the holder's whole TTL, by the contender's own monotonic clock.
 *
 * @throws TypeError if an option is wrong.
 * @example
 * ```ts
 * const client = new DynamoDBClient({ maxAttempts: 2 });
 * const locks = dynamoDbLocks({ client, tableName: 'stepfunc-source-locks' });
 * ```
 */
export function dynamoDbLocks(options: DynamoDbLocksOptions): LockFactory {
  const { client, tableName, monotonic } = checkOptions(options);
  const table = { send: (command: object) => client.send(command), tableName, monotonic };
  return {
    createLock: dynamoDbLockFactory(table),
    createMembership: (group, ttlMs) => createDynamoDbMembership(table, group, ttlMs),
  };
}

function checkOptions(options: unknown) {
  const client = getProperty(options, 'client');
  const tableName = getProperty(options, 'tableName');
  const monotonic = getProperty(options, 'monotonic');
  if (!isClient(client)) {
    throw new TypeError(
      `dynamoDbLocks: expected client, a DynamoDBClient or an object with its send(command), got ${formatValue(client)}`,
    );
  }
  if (typeof tableName !== 'string' || tableName === '') {
    throw new TypeError(
      `dynamoDbLocks: expected tableName, the name or ARN of a table with the string partition key "name", got ${formatValue(tableName)}`,
    );
  }
  return { client, tableName, monotonic: isClock(monotonic) ? monotonic : systemClock.monotonic };
}

function isClient(value: unknown): value is DynamoDbClient {
  return typeof getProperty(value, 'send') === 'function';
}

function isClock(value: unknown): value is () => number {
  return typeof value === 'function';
}
