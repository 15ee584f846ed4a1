import { Redis } from 'ioredis';
import mysqlDriver from 'mysql2/promise';
import pg from 'pg';
import { createClient } from 'redis';
import { describe, expect, it, vi } from 'vitest';
vi.setConfig({ testTimeout: 90_000 });
import { LOCK_NOT_OWNED } from '../../../lib/locks/types.js';
import type { LockFactory } from '../../../lib/locks/types.js';
import { mysqlLocks } from '../../../lib/locks/mysql.js';
import { postgresLocks } from '../../../lib/locks/postgres.js';
import { redisLocks } from '../../../lib/locks/redis.js';
import type { Engine } from './engines.js';
import { engines } from './engines.js';

interface Client {
  locks: LockFactory;
  close(): unknown;
}

/** Clients whose options suit an application, and would be in the way of locks that relied on defaults. */
const clients: Record<
  Exclude<Engine['kind'], 'dynamodb'>,
  Record<string, (url: string) => Client>
> = {
  redis: {
    'ioredis with a key prefix, automatic pipelines and no offline queue': (url) => {
      const client = new Redis(url, {
        lazyConnect: true,
        keyPrefix: 'app:',
        enableAutoPipelining: true,
        enableOfflineQueue: false,
        stringNumbers: true,
        maxRetriesPerRequest: null,
      });
      return { locks: redisLocks({ client }), close: () => client.disconnect() };
    },
    'node-redis with pings and no offline queue': (url) => {
      const client = createClient({
        url,
        RESP: 2,
        disableOfflineQueue: true,
        pingInterval: 60_000,
        commandsQueueMaxLength: 20,
      });
      return { locks: redisLocks({ client }), close: () => undefined };
    },
  },
  postgresql: {
    'pg with one connection and time limits': (connectionString) => {
      const pool = new pg.Pool({
        connectionString,
        max: 1,
        maxUses: 2,
        query_timeout: 20_000,
        statement_timeout: 20_000,
        idle_in_transaction_session_timeout: 1_000,
      });
      return { locks: postgresLocks({ pool }), close: () => pool.end() };
    },
  },
  mysql: {
    'mysql2 with rows, numbers and dates of another shape': (uri) => {
      const pool = mysqlDriver.createPool({
        uri,
        connectionLimit: 1,
        namedPlaceholders: true,
        rowsAsArray: true,
        nestTables: true,
        timezone: '+05:00',
        dateStrings: true,
        supportBigNumbers: true,
        bigNumberStrings: true,
        typeCast: false,
        flags: ['-FOUND_ROWS'],
      });
      return { locks: mysqlLocks({ pool }), close: () => pool.end() };
    },
  },
};

const real = engines.filter((engine) => engine.kind !== 'dynamodb');

describe.each(real)("an application's own options, on $name", (engine) => {
  const kinds = Object.entries(clients[engine.kind as keyof typeof clients]);

  it.each(kinds)('L10, L11: locks and members do what they should over %s', async (_, connect) => {
    const store = await engine.start();
    const { locks, close } = connect(store.connection.url);
    try {
      const name = `options:${process.pid}:${Date.now()}`;
      const lock = locks.createLock(name, 60_000);
      const other = locks.createLock(name, 60_000);
      expect(await lock.acquireImmediately()).toBe(true);
      expect(await other.acquireImmediately()).toBe(false);
      expect(other.claimableInMs?.()).toBeGreaterThan(30_000);
      expect(other.claimableInMs?.()).toBeLessThanOrEqual(60_000);
      await lock.extend(60_000);
      await expect(other.extend(60_000)).rejects.toMatchObject({ code: LOCK_NOT_OWNED });
      await lock.release();
      expect(await other.acquireImmediately()).toBe(true);
      await other.release();

      const one = locks.createMembership?.(name, 60_000);
      const two = locks.createMembership?.(name, 60_000);
      expect(await one?.renew('one')).toEqual([]);
      expect(await two?.renew('two')).toEqual(['one']);
      await one?.leave();
      expect(await two?.renew('two')).toEqual([]);
      await two?.leave();
    } finally {
      await close();
      await store.stop();
    }
  });
});
