import { setTimeout as pass } from 'node:timers/promises';
import type { TestContext } from 'vitest';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
vi.setConfig({ testTimeout: 120_000 });
import { Redis } from 'ioredis';
import { until } from '../../support/integration/until.js';
import {
  redisServer,
  startRedisCluster,
  startRedisServer,
} from '../../support/servers/redis-server.js';
import type { Driver } from './connect.js';
import { connectTo, drivers, loadDrivers } from './connect.js';
import { startHolder } from './start-holder.js';
import { patientTtlMs, recoveryMs, setScene, ttlMs } from './scene.js';

beforeAll(() => loadDrivers('redis'));

/** A server of our own, its operator, and one lease kept over a client of the user `locks`. */
async function setRedisScene(context: TestContext, driver: Driver, leaseMs = ttlMs) {
  const server = await startRedisServer();
  const operator = new Redis(server.url);
  operator.on('error', () => undefined);
  context.onTestFinished(() => operator.disconnect());
  const welcome = () => operator.call('ACL', 'SETUSER', 'locks', 'on', '>pass', '~*', '+@all');
  await welcome();
  const url = server.url.replace('//', '//locks:pass@');
  return {
    operator,
    welcome,
    scene: await setScene(context, { engine: 'redis', url, driver }, server, leaseMs),
  };
}

/** Connections of the user of the locks. */
async function connections(operator: Redis): Promise<number> {
  const list = String(await operator.call('CLIENT', 'LIST'));
  return list.split('\n').filter((line) => line.includes('user=locks')).length;
}

describe.skipIf(redisServer === undefined).concurrent.each(drivers.redis)(
  'trouble on Redis, by %s',
  (driver) => {
    it('L11: its user loses the right to EVAL, and gets it back', async (context) => {
      const { operator, scene } = await setRedisScene(context, driver);
      await operator.call('ACL', 'SETUSER', 'locks', '-eval');
      await scene.isLost();
      await until(() => expect(scene.errors).toContain('NOPERM'));
      await operator.call('ACL', 'SETUSER', 'locks', '+eval');
      expect(await scene.recovers()).toBeLessThan(recoveryMs);
    });

    it('L11: its user is removed, and made again', async (context) => {
      const { operator, welcome, scene } = await setRedisScene(context, driver);
      await operator.call('ACL', 'DELUSER', 'locks');
      await scene.isLost();
      await until(() => expect(scene.errors).toContain('WRONGPASS'));
      await welcome();
      expect(await scene.recovers()).toBeLessThan(recoveryMs);
    });

    it('L11: memory is full: what is held stays held, and nothing new is granted until there is room', async (context) => {
      const { operator, scene } = await setRedisScene(context, driver, patientTtlMs);
      await operator.set('much', 'x'.repeat(5_000_000));
      await operator.config('SET', 'maxmemory', '2mb');
      await pass(patientTtlMs);
      expect(scene.losses).toEqual([]);
      const { locks } = await scene.store.client();
      const acquire = () => locks.createLock('another', 60_000).acquireImmediately();
      await expect(acquire()).rejects.toThrow(/^OOM/);
      await operator.del('much');
      expect(await acquire()).toBe(true);
    });

    it('L11: the server ends connections that are idle: that costs no call', async (context) => {
      const { operator, scene } = await setRedisScene(context, driver);
      await scene.stop();
      // Straight to the server: its answers to the operator after the end are read after the end.
      const { locks, close } = await connectTo(scene.store.connection);
      context.onTestFinished(close);
      const lock = locks.createLock('idle', 60_000);
      expect(await lock.acquireImmediately()).toBe(true);
      for (let time = 0; time < 2; time += 1) {
        expect(await connections(operator)).toBe(1);
        await operator.config('SET', 'timeout', '1');
        await until(async () => expect(await connections(operator)).toBe(0));
        await operator.config('SET', 'timeout', '0');
        await operator.ping();
        await lock.extend(60_000);
      }
    });

    it('L11: scripts are flushed, and connections ended in the middle of calls: no lease is lost', async (context) => {
      const { operator, scene } = await setRedisScene(context, driver, patientTtlMs);
      const endsAt = performance.now() + patientTtlMs;
      while (performance.now() < endsAt) {
        await operator.script('FLUSH');
        await operator.call('CLIENT', 'KILL', 'USER', 'locks');
        await pass(patientTtlMs / 20);
      }
      expect(scene.losses).toEqual([]);
      expect(scene.working()).toBe(1);
    });
  },
);

describe.skipIf(redisServer === undefined)('a Redis Cluster', () => {
  it.each(['ioredis cluster', 'ioredis 6 cluster', 'node-redis cluster'] as const)(
    'L8, S4, L11: pollers lie on different nodes, and nothing holds the process, by %s',
    async (driver) => {
      await using cluster = await startRedisCluster();
      const holder = startHolder(
        { engine: 'redis', url: cluster.url, driver },
        // So many names that no node has all of them.
        { names: 12, ttlMs: 60_000 },
      );
      onTestFinished(() => holder.kill('SIGKILL'));
      await until(() => expect(holder.said()).toEqual(Array(12).fill('acquired')));
      const stoppedAt = performance.now();
      expect(await holder.stop()).toEqual({ code: 0, complaints: '' });
      expect(holder.said().slice(12)).toEqual(Array(12).fill('released'));
      // Far less than the ttl after which the connections would be closed.
      expect(performance.now() - stoppedAt).toBeLessThan(20_000);
      expect(await cluster.keys()).toEqual([0, 0]);
    },
  );
});
