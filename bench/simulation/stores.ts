import type { LockFactory } from '../../lib/index.js';
import { dynamoDbLocks } from '../../lib/locks/dynamodb.js';
import { LOCK_NOT_OWNED } from '../../lib/locks/types.js';
import type { Network } from './network.js';

/** Calls that have arrived at a lock store. */
export interface StoreCalls {
  /** Tries to acquire, refused or granted. */
  tries: number;
  renewals: number;
  releases: number;
  /** Of DynamoDB only: what the calls come to in requests. */
  reads: number;
  writes: number;
}

export interface Store {
  calls: StoreCalls;
  /** The locks of one instance. */
  locksOver(network: Network): LockFactory;
}

export type StoreKind = 'redis' | 'dynamodb';

export function createStore(kind: StoreKind, rttMs: number): Store {
  return kind === 'redis' ? createTtlStore(rttMs) : createDynamoDb(rttMs);
}

/** A store with a clock of its own, as Redis is: whoever comes first has the name for a ttl. */
function createTtlStore(rttMs: number): Store {
  const calls: StoreCalls = { tries: 0, renewals: 0, releases: 0, reads: 0, writes: 0 };
  const held = new Map<string, { owner: symbol; until: number }>();

  function demand(name: string, owner: symbol): void {
    const lease = held.get(name);
    if (lease?.owner === owner && lease.until > performance.now()) return;
    throw Object.assign(new Error(`${name} is not owned`), { code: LOCK_NOT_OWNED });
  }

  return {
    calls,
    locksOver: (network) => ({
      createLock(name, ttlMs) {
        const owner = Symbol(name);
        const hold = (ms: number) => void held.set(name, { owner, until: performance.now() + ms });
        return {
          acquireImmediately: () =>
            network.roundTrip(rttMs, () => {
              calls.tries += 1;
              if ((held.get(name)?.until ?? 0) > performance.now()) return false;
              hold(ttlMs);
              return true;
            }),
          extend: (ms = ttlMs) =>
            network.roundTrip(rttMs, () => {
              calls.renewals += 1;
              demand(name, owner);
              hold(ms);
            }),
          release: () =>
            network.roundTrip(rttMs, () => {
              calls.releases += 1;
              demand(name, owner);
              held.delete(name);
            }),
        };
      },
    }),
  };
}

type Item = Record<string, { S?: string; N?: string }>;

interface Request {
  Key?: Item;
  Item?: Item;
  ConditionExpression?: string;
  ExpressionAttributeValues?: Item;
}

/** As much of DynamoDB as the package's own locks ask for, behind those locks. */
function createDynamoDb(rttMs: number): Store {
  const calls: StoreCalls = { tries: 0, renewals: 0, releases: 0, reads: 0, writes: 0 };
  const items = new Map<string, Item>();

  function answer(operation: string, request: Request): object {
    const key = (request.Key ?? request.Item)?.['name']?.S ?? '';
    const item = items.get(key);
    if (operation === 'GetItemCommand') {
      calls.reads += 1;
      calls.tries += 1;
      return item === undefined ? {} : { Item: item };
    }
    calls.writes += 1;
    if (operation === 'UpdateItemCommand') calls.renewals += 1;
    if (operation === 'DeleteItemCommand') calls.releases += 1;
    const { ':seen': seen, ':owner': owner } = request.ExpressionAttributeValues ?? {};
    const holds =
      (seen === undefined || item?.['version']?.S === seen.S) &&
      (owner === undefined || item?.['owner']?.S === owner.S) &&
      (seen !== undefined || owner !== undefined || item === undefined);
    if (!holds) {
      const error = Object.assign(new Error('The conditional request failed'), { Item: item });
      error.name = 'ConditionalCheckFailedException';
      throw error;
    }
    if (operation === 'DeleteItemCommand') items.delete(key);
    else items.set(key, { ...item, ...request.Item, ...updated(request) });
    return {};
  }

  return {
    calls,
    locksOver: (network) =>
      dynamoDbLocks({
        tableName: 'locks',
        client: {
          send: (command) =>
            network.roundTrip(rttMs, () =>
              answer(command.constructor.name, (command as { input: Request }).input),
            ),
        },
      }),
  };
}

function updated({ ExpressionAttributeValues: values }: Request): Item {
  const { ':version': version, ':ttlMs': ttlMs } = values ?? {};
  return version === undefined || ttlMs === undefined ? {} : { version, ttlMs };
}
