import { setTimeout as pass } from 'node:timers/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
vi.setConfig({ testTimeout: 120_000 });
import { until } from '../../support/integration/until.js';
import { mysqlServer, startMySqlServer } from '../../support/servers/mysql-server.js';
import {
  postgresServer,
  startPostgresServer,
  startStandbyOf,
} from '../../support/servers/postgres-server.js';
import { redisServer, startRedisServer } from '../../support/servers/redis-server.js';
import { loadDrivers } from './connect.js';
import { prepared } from './engines.js';
import { asOperator } from './operator.js';
import { recoveryMs, setScene, ttlMs } from './scene.js';
import { startHolder } from './start-holder.js';

const kinds = [
  { engine: 'redis' as const, server: redisServer, start: startRedisServer },
  { engine: 'postgresql' as const, server: postgresServer, start: startPostgresServer },
  { engine: 'mysql' as const, server: mysqlServer, start: startMySqlServer },
].filter(({ server }) => server !== undefined);

beforeAll(() => Promise.all(kinds.map(({ engine }) => loadDrivers(engine))));

/** Most of their time they wait, and each has a server of its own. */
const beside = { concurrent: true };

describe.each(kinds)('failover on $engine', beside, ({ engine, start }) => {
  it('L11: a connection that dies without a word costs one call, and no lease', async (context) => {
    const server = await start();
    const { network, errors, working } = await setScene(
      context,
      { engine, url: server.url },
      server,
    );
    for (let event = 0; event < 4; event++) {
      network.silence();
      await pass(ttlMs);
    }
    expect(working()).toBe(1);
    expect(errors.length).toBeGreaterThan(0);
  });

  it('L11: a server that stands still: polling goes on within the ttl and a third', async (context) => {
    const server = await start();
    const scene = await setScene(context, { engine, url: server.url }, server);
    server.pause();
    await scene.isLost();
    await pass(2 * ttlMs);
    server.resume();
    expect(await scene.recovers()).toBeLessThan(recoveryMs);
  });

  it('S4, L9: a stop ends the process though the server stands still', async (context) => {
    const server = await start();
    const store = await prepared({ engine, url: server.url }, server);
    context.onTestFinished(() => store.stop());
    const holder = startHolder(store.connection, { names: ['held'], ttlMs: 60_000 });
    // It alone: other tests that run beside this one have holders of their own.
    context.onTestFinished(() => holder.kill('SIGKILL'));
    await until(() => expect(holder.said()).toEqual(['acquired']));
    server.pause();
    const stoppedAt = performance.now();
    expect(await holder.stop()).toEqual({ code: 0, complaints: '' });
    // A release takes a sixth of the ttl at most: nothing may hold the process for longer.
    expect(performance.now() - stoppedAt).toBeLessThan(20_000);
  });

  it('L11: a server that is killed, and starts again', async (context) => {
    const server = await start();
    const scene = await setScene(context, { engine, url: server.url }, server);
    await server.kill();
    await scene.isLost();
    await server.start();
    expect(await scene.recovers()).toBeLessThan(recoveryMs);
    expect(scene.errors.length).toBeGreaterThan(0);
  });

  it('L11: every connection is ended by an operator: no lease is lost', async (context) => {
    const server = await start();
    const scene = await setScene(context, { engine, url: server.url }, server);
    for (let event = 0; event < 5; event++) {
      await asOperator(engine, server.url, 'endAll');
      await pass(ttlMs / 3);
    }
    expect(scene.working()).toBe(1);
  });

  it('L11: a server that becomes read-only is no primary: held again once it is one', async (context) => {
    const server = await start();
    const scene = await setScene(context, { engine, url: server.url }, server);
    await asOperator(engine, server.url, 'readOnly');
    await scene.isLost();
    const name = { redis: 'READONLY', postgresql: '25006', mysql: 'ER_OPTION_PREVENTS_STATEMENT' };
    await until(() => expect(scene.errors).toContain(name[engine]));
    await asOperator(engine, server.url, 'writable');
    expect(await scene.recovers()).toBeLessThan(recoveryMs);
  });

  it('L11: a try for a taken lease writes nothing', async (context) => {
    const server = await start();
    const { store } = await setScene(context, { engine, url: server.url }, server);
    const { locks, close } = await store.client();
    context.onTestFinished(close);
    const name = `taken:${Date.now()}`;
    await locks.createLock(name, 60_000).acquireImmediately();
    const before = await asOperator(engine, server.url, 'written');
    for (let i = 0; i < 50; i++) {
      expect(await locks.createLock(name, 60_000).acquireImmediately()).toBe(false);
    }
    const after = await asOperator(engine, server.url, 'written');
    // The one lease that is kept is renewed meanwhile.
    expect(Number(after) - Number(before)).toBeLessThan(12);
  });
});

describe.skipIf(redisServer === undefined)('failover among Redis servers', () => {
  it('L11: the primary is demoted with the connection open, and Sentinel names another', async (context) => {
    const { Redis } = await import('ioredis');
    const { redisLocks } = await import('../../../lib/locks/redis.js');
    const primary = await startRedisServer();
    const replica = await startRedisServer('--replicaof', '127.0.0.1', String(primary.port));
    const { startSentinel } = await import('./operator.js');
    const sentinel = await startSentinel(primary.port);
    for (const server of [primary, replica, sentinel]) {
      context.onTestFinished(() => server[Symbol.asyncDispose]());
    }
    const client = new Redis({
      sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
      name: 'locks',
      lazyConnect: true,
    });
    const locks = redisLocks({ client });
    const lock = () => locks.createLock('sentinel', 1_000).acquireImmediately();
    await until(async () => expect(await lock()).toBe(true));
    const operator = new Redis(sentinel.url, { lazyConnect: true });
    await until(async () =>
      expect(await operator.call('SENTINEL', 'FAILOVER', 'locks')).toBe('OK'),
    );
    operator.disconnect();
    const demoted = new Redis(primary.url);
    await until(async () => expect(await demoted.info('replication')).toContain('role:slave'));
    demoted.disconnect();
    await until(async () => expect(await lock()).toBe(true));
  });
});

describe.skipIf(postgresServer === undefined)('failover among PostgreSQL servers', () => {
  it('L11: a standby refuses by 25006, and grants once it is promoted', async (context) => {
    const primary = await startPostgresServer();
    context.onTestFinished(() => primary[Symbol.asyncDispose]());
    await prepared({ engine: 'postgresql', url: primary.url });
    const standby = await startStandbyOf(primary);
    const store = await import('./engines.js').then(({ running }) =>
      running({ engine: 'postgresql', url: standby.url }, () => standby[Symbol.asyncDispose]()),
    );
    context.onTestFinished(() => store.stop());
    const { locks } = await store.client();
    const lock = () => locks.createLock('standby', ttlMs).acquireImmediately();
    await expect(lock()).rejects.toMatchObject({ code: '25006' });
    await primary.kill();
    await asOperator('postgresql', standby.url, 'promote');
    await until(async () => expect(await lock()).toBe(true));
  });
});
