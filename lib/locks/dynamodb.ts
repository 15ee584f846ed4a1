import { randomUUID } from 'node:crypto';
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { getProperty } from '../common/property.js';
import { formatValue } from '../common/format-value.js';
import { createDynamoDbMembership } from './dynamodb-members.js';
import { LockNotOwnedError } from './lock-not-owned.js';
import type { Lock, LockFactory } from './types.js';

export type { Lock, LockFactory, Membership } from './types.js';
export { LockNotOwnedError } from './lock-not-owned.js';

/** What the locks need of a DynamoDB client: the SDK's `send`. A `DynamoDBClient` fits. */
export interface DynamoDbClient {
  /** Sends one of the SDK's commands: resolves to its output, rejects with the SDK's errors. */
  send(command: object): Promise<unknown>;
}

/** What `dynamoDbLocks` takes. */
export interface DynamoDbLocksOptions {
  /** Never destroyed by the locks. It should have time-outs: the SDK's default is none. */
  client: DynamoDbClient;
  /** A table with one key, the partition key `name`, a string. It must exist: none is created. */
  tableName: string;
  /**
   * For tests: a clock in milliseconds that never jumps.
   *
   * @default performance.now
   */
  monotonic?: (() => number) | undefined;
}

/** A holder's item, as far as contenders need it. */
interface Item {
  owner: string;
  version: string;
  ttlMs: number;
}

/** What a contender has last seen of a name, and since when without a change. */
interface Sighting {
  version: string;
  ttlMs: number;
  since: number;
}

/**
 * Locks in one table of DynamoDB: an item for each held lock, with its owner, its TTL and a version
 * that every write renews. Each call is a conditional write, so DynamoDB decides between two that want
 * the same.
 *
 * No clock is compared between machines. A holder counts as dead once a contender has seen the same
 * version for the holder's whole TTL, by the contender's own monotonic clock.
 *
 * Calls reject with the client's own errors, and with {@link LockNotOwnedError} if DynamoDB says that
 * another instance holds the lock.
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
  const sightings = new Map<string, Sighting>();

  async function read(name: string, ConsistentRead: boolean): Promise<Item | undefined> {
    const output = await client.send(
      new GetItemCommand({ TableName: tableName, Key: { name: { S: name } }, ConsistentRead }),
    );
    return parseItem(getProperty(output, 'Item'));
  }

  /** How long the present holder still counts as alive; 0 or less: it is dead. */
  function aliveMs({ ttlMs, since }: Sighting): number {
    return since + ttlMs - monotonic();
  }

  function saw(name: string, { version, ttlMs }: Item): Sighting {
    const last = sightings.get(name);
    if (last?.version === version) return last;
    const sighting = { version, ttlMs, since: monotonic() };
    sightings.set(name, sighting);
    return sighting;
  }

  function createLock(name: string, ttlMs: number): Lock {
    const owner = randomUUID();

    /** Takes the name where `sighting` still holds: nobody has it, or the one who died. */
    async function take(sighting: Sighting | undefined): Promise<boolean> {
      const version = randomUUID();
      try {
        await client.send(
          new PutItemCommand({
            TableName: tableName,
            Item: {
              name: { S: name },
              owner: { S: owner },
              version: { S: version },
              ttlMs: { N: String(ttlMs) },
            },
            ...(sighting === undefined
              ? { ConditionExpression: 'attribute_not_exists(#name)' }
              : {
                  ConditionExpression: '#version = :seen',
                  ExpressionAttributeValues: { ':seen': { S: sighting.version } },
                }),
            ExpressionAttributeNames:
              sighting === undefined ? { '#name': 'name' } : { '#version': 'version' },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
      } catch (error) {
        if (!isConditionFailure(error)) throw error;
        // The client may have sent this write twice, the first answer being lost. Then it is our
        // own first write that fails the second one's condition.
        const item = await itemInTheWay(error);
        if (item?.version !== version) {
          if (item !== undefined) saw(name, item);
          return false;
        }
      }
      sightings.delete(name);
      return true;
    }

    /** DynamoDB sends it along; an emulator may not. */
    async function itemInTheWay(error: unknown): Promise<Item | undefined> {
      return parseItem(getProperty(error, 'Item')) ?? (await read(name, true));
    }

    return {
      async acquireImmediately() {
        // Half the price of a consistent read, and what it may miss, the write's condition won't.
        const item = await read(name, false);
        if (item === undefined) return take(undefined);
        const sighting = saw(name, item);
        return aliveMs(sighting) <= 0 ? take(sighting) : false;
      },

      async extend(byMs = ttlMs) {
        await owned(
          name,
          client.send(
            new UpdateItemCommand({
              TableName: tableName,
              Key: { name: { S: name } },
              UpdateExpression: 'SET #version = :version, #ttlMs = :ttlMs',
              ConditionExpression: '#owner = :owner',
              ExpressionAttributeNames: {
                '#owner': 'owner',
                '#version': 'version',
                '#ttlMs': 'ttlMs',
              },
              ExpressionAttributeValues: {
                ':owner': { S: owner },
                ':version': { S: randomUUID() },
                ':ttlMs': { N: String(byMs) },
              },
            }),
          ),
        );
      },

      // A delete that the client sent twice, the first answer being lost, reads as not owned too:
      // either way nothing of ours is left.
      async release() {
        await owned(
          name,
          client.send(
            new DeleteItemCommand({
              TableName: tableName,
              Key: { name: { S: name } },
              ConditionExpression: '#owner = :owner',
              ExpressionAttributeNames: { '#owner': 'owner' },
              ExpressionAttributeValues: { ':owner': { S: owner } },
            }),
          ),
        );
      },

      claimableInMs() {
        const sighting = sightings.get(name);
        return sighting && Math.max(0, aliveMs(sighting));
      },
    };
  }

  return {
    createLock,
    createMembership: (group, ttlMs) =>
      createDynamoDbMembership(
        { send: (command) => client.send(command), tableName, monotonic },
        group,
        ttlMs,
      ),
  };
}

async function owned(name: string, written: Promise<unknown>): Promise<void> {
  try {
    await written;
  } catch (error) {
    throw isConditionFailure(error) ? new LockNotOwnedError(name) : error;
  }
}

function isConditionFailure(error: unknown): boolean {
  return getProperty(error, 'name') === 'ConditionalCheckFailedException';
}

function parseItem(item: unknown): Item | undefined {
  if (item === undefined) return undefined;
  const owner = getProperty(getProperty(item, 'owner'), 'S');
  const version = getProperty(getProperty(item, 'version'), 'S');
  const ttlMs = Number(getProperty(getProperty(item, 'ttlMs'), 'N'));
  if (typeof owner === 'string' && typeof version === 'string' && ttlMs > 0) {
    return { owner, version, ttlMs };
  }
  throw new TypeError(
    `dynamoDbLocks: expected an item with owner, version and ttlMs, got ${JSON.stringify(item)}: is the table used for something else?`,
  );
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
  return { client, tableName, monotonic: isClock(monotonic) ? monotonic : () => performance.now() };
}

function isClient(value: unknown): value is DynamoDbClient {
  return typeof getProperty(value, 'send') === 'function';
}

function isClock(value: unknown): value is () => number {
  return typeof value === 'function';
}
