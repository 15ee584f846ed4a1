import { LockFactory as Verrou } from '@verrou/core';
import { redisStore } from '@verrou/core/drivers/redis';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import type { LockFactory } from '../../../lib/index.js';
import { createLeasePool } from '../../../lib/leases/lease-pool.js';
import { until } from '../../support/integration/until.js';
import type { RunningEngine } from './engines.js';
import { redis } from './engines.js';
vi.setConfig({ testTimeout: 90_000 });

/** A busy machine may stall for as long as a shorter lease lives. */
const ttlMs = 4_000;
let store: RunningEngine;
beforeAll(async () => {
  store = await redis.start();
});
afterAll(() => store.stop());

/** An instance whose locks are verrou's, with the options that its driver needs. */
async function createInstance(names: string[]) {
  const { network, connection } = await store.network();
  const client = new Redis(connection.url, {
    maxRetriesPerRequest: 1,
    commandTimeout: 1_000,
    connectTimeout: 1_000,
  });
  client.on('error', () => undefined);
  const locks: LockFactory = new Verrou(redisStore({ connection: client }).factory());
  const stopping = new AbortController();
  const noticed: string[] = [];
  const pool = createLeasePool({
    clock: systemClock,
    locks,
    names,
    ttlMs,
    work: (_index, lost) =>
      new Promise<void>((resolve) => {
        for (const signal of [lost, stopping.signal]) {
          if (signal.aborted) resolve();
          signal.addEventListener('abort', () => resolve(), { once: true });
        }
      }),
    // Asked for, and not to be had: verrou's factory knows no members.
    sharing: { group: 'members', handOver: () => noticed.push('handOver'), load: () => 0 },
    on: {
      acquired: () => noticed.push('acquired'),
      lost: (_index, { name }) => noticed.push(name),
      released: () => noticed.push('released'),
      storeFailed: () => undefined,
    },
  });
  const ran = pool.run(stopping.signal);
  return {
    network,
    noticed,
    held: () => pool.held().filter(({ lost }) => !lost).length,
    async stop() {
      stopping.abort();
      await ran;
      client.disconnect();
    },
  };
}

it("L4, L6, L8: verrou's LockFactory fits: leases are held, handed over at a stop, and lost with the store", async () => {
  const names = [0, 1].map((poller) => `verrou:${process.pid}:${Date.now()}:${poller}`);
  const first = await createInstance(names);
  await until(() => expect(first.held()).toBe(2));
  const second = await createInstance(names);
  const endsAt = performance.now() + 2 * ttlMs;
  await until(() => expect(performance.now()).toBeGreaterThan(endsAt));
  expect(second.noticed).toEqual([]);
  await first.stop();
  expect(first.noticed).toEqual(['acquired', 'acquired', 'released', 'released']);
  await until(() => expect(second.held()).toBe(2));

  await second.network.refuse();
  await until(() => expect(second.noticed).toContain('LeaseExpired'));
  await second.network.restore();
  await until(() => expect(second.held()).toBe(2));
  await second.stop();
});
