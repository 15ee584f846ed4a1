import { setTimeout as pass } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
vi.setConfig({ testTimeout: 120_000 });
import mysql from 'mysql2/promise';
import pg from 'pg';
import { mysqlLocks } from '../../../lib/locks/mysql.js';
import { postgresLocks } from '../../../lib/locks/postgres.js';
import { until } from '../../support/integration/until.js';
import { mysqlServer, startMySqlServer } from '../../support/servers/mysql-server.js';
import { pgbouncer, startPgbouncer } from '../../support/servers/pgbouncer.js';
import { postgresServer, startPostgresServer } from '../../support/servers/postgres-server.js';
import { prepared } from './engines.js';
import { asOperator } from './operator.js';
import { patientTtlMs, recoveryMs, setScene } from './scene.js';
import { hogOn } from './sql-hog.js';

const kinds = [
  {
    engine: 'postgresql' as const,
    server: postgresServer,
    start: startPostgresServer,
    refusal: '53300',
  },
  {
    engine: 'mysql' as const,
    server: mysqlServer,
    start: () => startMySqlServer('--max-connections=10'),
    refusal: 'ER_CON_COUNT_ERROR',
  },
].filter(({ server }) => server !== undefined);

describe.each(kinds)('trouble on $engine', ({ engine, start, refusal }) => {
  it('L11: others take all connections there are, and give them back', async (context) => {
    const server = await start();
    const scene = await setScene(context, { engine, url: server.url }, server);
    const hog = hogOn(engine, server.url);
    context.onTestFinished(() => hog.stop());
    // On a busy machine the leases may be lost to ended connections before the first refusal.
    await hog.takeAll(() => scene.working() === 0 && scene.errors.includes(refusal));
    expect(scene.errors).toContain(refusal);
    await hog.stop();
    expect(await scene.recovers()).toBeLessThan(recoveryMs);
  });

  it('L11: the server ends connections that are idle: no lease is lost', async (context) => {
    const server = await start();
    await asOperator(engine, server.url, 'endIdle');
    // Renewed every 4 s: each time, the connection of the last one has ended.
    const scene = await setScene(context, { engine, url: server.url }, server, patientTtlMs);
    await pass(patientTtlMs);
    expect(scene.losses).toEqual([]);
  });

  it('L11: a connection with a transaction left open grants nothing that others do not see', async (context) => {
    const server = await start();
    const store = await prepared({ engine, url: server.url }, server);
    context.onTestFinished(() => store.stop());
    // A pool of one connection, so that it is this one that the locks get.
    const app = engine === 'mysql' ? ofMySql(server.url) : ofPg(server.url);
    context.onTestFinished(() => app.end());
    const lock = app.locks.createLock('open', patientTtlMs);
    for (const statement of app.openings) {
      await app.leaveOpen(statement);
      await expect(lock.acquireImmediately()).rejects.toMatchObject({
        name: 'OpenTransactionError',
      });
    }
    expect(await lock.acquireImmediately()).toBe(true);
    const { locks } = await store.client();
    expect(await locks.createLock('open', patientTtlMs).acquireImmediately()).toBe(false);
    await app.leaveOpen('begin');
    await expect(lock.extend(patientTtlMs)).rejects.toMatchObject({
      name: 'OpenTransactionError',
    });
    await lock.extend(patientTtlMs);
  });

  it('L11: a table that is locked for a while leaves no process behind on the server', async (context) => {
    const server = await start();
    const store = await prepared({ engine, url: server.url }, server);
    context.onTestFinished(() => store.stop());
    const { locks } = await store.client();
    const held = Array.from({ length: 4 }, (_, i) => locks.createLock(`n${i}`, 60_000));
    for (const lock of held) expect(await lock.acquireImmediately()).toBe(true);
    const hog = hogOn(engine, server.url);
    context.onTestFinished(() => hog.stop());
    await hog.lockTable();
    for (let time = 0; time < 3; time += 1) {
      // The limit of a call with so long a ttl is 3 s.
      await Promise.all(held.map((lock) => lock.extend(1_500).catch(() => undefined)));
    }
    await until(async () => expect(await hog.waiting()).toBeLessThan(held.length));
    await hog.stop();
    // A late call may be carried out now, and leave its own lease at an end long past.
    const next = locks.createLock('next', 60_000);
    expect(await next.acquireImmediately()).toBe(true);
    await next.extend(60_000);
  });

  it('L10, L11: if transactions are serializable by default, many at once do not disturb each other', async (context) => {
    const server = await start();
    await asOperator(engine, server.url, 'serializable');
    const store = await prepared({ engine, url: server.url }, server);
    context.onTestFinished(() => store.stop());
    const clients = await Promise.all(Array.from({ length: 5 }, () => store.client()));
    const rounds = clients.map(async ({ locks }, i) => {
      const membership = locks.createMembership?.('members', 60_000);
      const own = locks.createLock(`own ${i}`, 60_000);
      expect(await own.acquireImmediately()).toBe(true);
      for (let round = 0; round < 15; round += 1) {
        await membership?.renew(`${i}`);
        await own.extend(60_000);
        const common = locks.createLock('common', 60_000);
        if (await common.acquireImmediately()) await common.release();
      }
      return membership?.renew(`${i}`);
    });
    for (const others of await Promise.all(rounds)) expect(others).toHaveLength(4);
  });
});

function ofPg(connectionString: string) {
  const pool = new pg.Pool({ connectionString, max: 1 });
  return {
    locks: postgresLocks({ pool }),
    openings: ['begin', 'begin isolation level serializable'],
    async leaveOpen(statement: string) {
      const client = await pool.connect();
      await client.query(statement);
      client.release();
    },
    end: () => pool.end(),
  };
}

function ofMySql(url: string) {
  const pool = mysql.createPool({ uri: url, connectionLimit: 1 });
  return {
    locks: mysqlLocks({ pool }),
    openings: ['begin', 'set autocommit = 0'],
    async leaveOpen(statement: string) {
      const connection = await pool.getConnection();
      await connection.query(statement);
      connection.release();
    },
    end: () => pool.end(),
  };
}

if (pgbouncer === undefined) console.info('pgbouncer: skipped, it is not on the PATH');

describe.skipIf(postgresServer === undefined || pgbouncer === undefined)(
  'pgbouncer in transaction mode',
  () => {
    it('L11: more clients than connections share the leases, and outlive its restart', async (context) => {
      const server = await startPostgresServer();
      context.onTestFinished(() => server[Symbol.asyncDispose]());
      const bouncer = await startPgbouncer(server);
      const scene = await setScene(context, { engine: 'postgresql', url: bouncer.url }, bouncer);
      const clients = await Promise.all(Array.from({ length: 6 }, () => scene.store.client()));
      const granted = await Promise.all(
        clients.map(({ locks }) => locks.createLock('one', 60_000).acquireImmediately()),
      );
      expect(granted.filter(Boolean)).toHaveLength(1);
      const members = clients.map(({ locks }) => locks.createMembership?.('members', 60_000));
      for (const member of members) await member?.renew('here');
      expect(await members[0]?.renew('here')).toHaveLength(5);
      expect(scene.losses).toEqual([]);
      await bouncer.kill();
      await scene.isLost();
      await bouncer.start();
      expect(await scene.recovers()).toBeLessThan(recoveryMs);
    });

    it('L11: the database behind it stands still, and goes on', async (context) => {
      const server = await startPostgresServer();
      context.onTestFinished(() => server[Symbol.asyncDispose]());
      const bouncer = await startPgbouncer(server);
      const scene = await setScene(context, { engine: 'postgresql', url: bouncer.url }, bouncer);
      server.pause();
      await scene.isLost();
      server.resume();
      expect(await scene.recovers()).toBeLessThan(recoveryMs);
    });
  },
);
