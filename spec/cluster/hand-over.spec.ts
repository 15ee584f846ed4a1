import { expect, it } from 'vitest';
import { redis } from '../integration/locks/engines.js';
import { createCluster } from './cluster.js';
import { timeHandOvers } from './hand-over.js';

const lockTtlMs = 1_500;
/** For the store's own time, and this machine's under load. */
const slackMs = 500;

it(
  'L2, L4: a poller goes from process to process within its bounds, however its holder leaves',
  { timeout: 120_000 },
  async () => {
    await using cluster = await createCluster(redis, {
      lockTtlMs,
      maxConcurrency: 2,
      concurrencyPerPoller: 2,
    });
    const handOvers = await timeHandOvers(cluster, lockTtlMs);
    const lines = handOvers.map(({ what, ms }) => `${what} after ${(ms / 1_000).toFixed(2)} s`);
    console.info(`processes on ${redis.name}: ${lines.join('; ')}`);
    expect(handOvers).toHaveLength(7);
    for (const { what, ms, boundMs } of handOvers) {
      expect(ms, what).toBeLessThan(boundMs + slackMs);
    }
  },
);
