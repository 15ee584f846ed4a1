import type { TestContext } from 'vitest';
import { expect } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import { createLeasePool } from '../../../lib/leases/lease-pool.js';
import { storeErrorName } from '../../../lib/observe/store-error.js';
import { until } from '../../support/integration/until.js';
import type { OwnServer } from '../../support/servers/own-server.js';
import type { Connection } from './connect.js';
import type { RunningEngine } from './engines.js';
import { prepared } from './engines.js';
import { asOperator } from './operator.js';

export const ttlMs = 3_000;
/** For what must not happen: a busy machine may stall for as long as a short lease lives. */
export const patientTtlMs = 12_000;
/** For the store's own time, and this machine's under load. */
const slackMs = 3_000;
/** How long a lease may take to be held again once its store is well. */
export const recoveryMs = ttlMs + ttlMs / 3 + slackMs;

/** One lease, kept over a client with its driver's own options, on a server of our own. */
export async function setScene(
  { onTestFinished }: TestContext,
  connection: Connection,
  server: OwnServer,
  leaseMs = ttlMs,
): Promise<{ store: RunningEngine } & Awaited<ReturnType<typeof keep>>> {
  const url = String(await asOperator(connection.engine as 'redis', connection.url, 'welcome'));
  const store = await prepared({ ...connection, url }, server);
  onTestFinished(() => store.stop());
  const kept = await keep(store, leaseMs);
  onTestFinished(() => kept.stop());
  return { store, ...kept };
}

async function keep(store: RunningEngine, leaseMs: number) {
  const client = await store.client();
  const stopping = new AbortController();
  const errors: string[] = [];
  const losses: string[] = [];
  let working = 0;
  const pool = createLeasePool({
    clock: systemClock,
    locks: client.locks,
    names: [`failover:${process.pid}:${Date.now()}`],
    ttlMs: leaseMs,
    work: (_index, lost) =>
      new Promise<void>((resolve) => {
        working += 1;
        const end = () => {
          working -= 1;
          resolve();
        };
        AbortSignal.any([lost, stopping.signal]).addEventListener('abort', end, { once: true });
      }),
    on: {
      acquired: () => undefined,
      lost: (_index, { name, cause }) => losses.push(`${name}: ${storeErrorName(cause)}`),
      released: () => undefined,
      storeFailed: (_index, error) => errors.push(storeErrorName(error)),
    },
  });
  const ran = pool.run(stopping.signal);
  const isHeld = async () => until(() => expect(working).toBe(1));
  await isHeld();
  return {
    network: client.network,
    errors,
    working: () => working,
    /** The leases that were lost, each with its reason. */
    losses,
    isHeld,
    isLost: () => until(() => expect(working).toBe(0)),
    /** How long until it is held again. */
    async recovers() {
      const from = performance.now();
      await isHeld();
      return performance.now() - from;
    },
    async stop() {
      stopping.abort();
      await ran;
      await client.close();
    },
  };
}
