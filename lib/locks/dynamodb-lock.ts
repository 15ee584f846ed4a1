import { randomUUID } from 'node:crypto';
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { getProperty } from '../common/property.js';
import { LockNotOwnedError } from './lock-not-owned.js';
import type { Lock } from './types.js';

/** The table, and the clock by which its holders count as alive. */
export interface DynamoDbTable {
  /** Sends one of the SDK's commands. */
  send(command: object): Promise<unknown>;
  tableName: string;
  /** Milliseconds of a clock that never jumps. */
  monotonic(): number;
}

/** The part of a holder's item that contenders use. */
interface Item {
  owner: string;
  version: string;
  ttlMs: number;
}

/** What a contender saw last of a name, and since when it has not changed. */
interface Sighting {
  version: string;
  ttlMs: number;
  since: number;
}

/** Makes the locks of one table. They share what they have seen of each name. */
export function dynamoDbLockFactory({
  send,
  tableName,
  monotonic,
}: DynamoDbTable): (name: string, ttlMs: number) => Lock {
  const sightings = new Map<string, Sighting>();

  async function read(name: string, ConsistentRead: boolean): Promise<Item | undefined> {
    const output = await send(
      new GetItemCommand({ TableName: tableName, Key: { name: { S: name } }, ConsistentRead }),
    );
    return parseItem(getProperty(output, 'Item'));
  }

  /** How long the present holder still counts as alive. At 0 or less it is dead. */
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
    let writes = 0;

    /**
     * Of an owner, a later version is the greater string. A write that the client has given up, and that
     * comes late, is then refused. Without this it would put an old version back, which a contender may
     * have seen a whole ttl before.
     */
    function nextVersion(): string {
      writes += 1;
      return `${String(writes).padStart(10, '0')} ${randomUUID()}`;
    }

    /**
     * Takes the name if nothing has changed since `sighting`. Either no owner had it then, or one
     * that now counts as dead.
     */
    async function take(sighting: Sighting | undefined): Promise<boolean> {
      const version = nextVersion();
      try {
        await send(
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
        // The client may send this write twice, if the first response was lost. The second one's
        // condition then fails by our own first write.
        const item = await itemInTheWay(error);
        if (item?.version !== version) {
          if (item !== undefined) saw(name, item);
          return false;
        }
      }
      sightings.delete(name);
      return true;
    }

    /** DynamoDB sends the item with the error. An emulator may not. */
    async function itemInTheWay(error: unknown): Promise<Item | undefined> {
      return parseItem(getProperty(error, 'Item')) ?? (await read(name, true));
    }

    return {
      async acquireImmediately() {
        // An inconsistent read costs half as much. If it misses a change, the write's condition
        // fails.
        const item = await read(name, false);
        if (item === undefined) return take(undefined);
        const sighting = saw(name, item);
        return aliveMs(sighting) <= 0 ? take(sighting) : false;
      },

      async extend(byMs = ttlMs) {
        try {
          await send(
            new UpdateItemCommand({
              TableName: tableName,
              Key: { name: { S: name } },
              UpdateExpression: 'SET #version = :version, #ttlMs = :ttlMs',
              ConditionExpression: '#owner = :owner AND #version <= :version',
              ExpressionAttributeNames: {
                '#owner': 'owner',
                '#version': 'version',
                '#ttlMs': 'ttlMs',
              },
              ExpressionAttributeValues: {
                ':owner': { S: owner },
                ':version': { S: nextVersion() },
                ':ttlMs': { N: String(byMs) },
              },
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            }),
          );
        } catch (error) {
          if (!isConditionFailure(error)) throw error;
          // If it is still ours, a later renewal of ours came first.
          const item = await itemInTheWay(error);
          if (item?.owner !== owner) throw new LockNotOwnedError(name);
        }
      },

      // The client may send a delete twice, if the first response was lost. The second one then
      // says that the lock is not owned. In either case nothing of ours is left.
      async release() {
        try {
          await send(
            new DeleteItemCommand({
              TableName: tableName,
              Key: { name: { S: name } },
              ConditionExpression: '#owner = :owner',
              ExpressionAttributeNames: { '#owner': 'owner' },
              ExpressionAttributeValues: { ':owner': { S: owner } },
            }),
          );
        } catch (error) {
          throw isConditionFailure(error) ? new LockNotOwnedError(name) : error;
        }
      },

      claimableInMs() {
        const sighting = sightings.get(name);
        return sighting && Math.max(0, aliveMs(sighting));
      },
    };
  }

  return createLock;
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
