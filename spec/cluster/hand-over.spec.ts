import { expect, it } from 'vitest';
import { redis } from '../integration/locks/engines.js';
import { slackFor, watchStalls } from '../support/stalls.js';
import { createCluster } from './cluster.js';
import { timeHandOvers } from './hand-over.js';

const lockTtlMs = 1_500;

it(
  'L2, L4: a poller goes from process to process within its bounds, however its holder leaves',
  { timeout: 120_000 },
  async () => {
    await using cluster = await createCluster(redis, {
      lockTtlMs,
      maxConcurrency: 2,
      concurrencyPerPoller: 2,
    });
    const stalls = watchStalls();
    const handOvers = await timeHandOvers(cluster, lockTtlMs);
    stalls.stop();
    const lines = handOvers.map(({ what, ms }) => `${what} after ${(ms / 1_000).toFixed(2)} s`);
    console.info(`processes on ${redis.name}: ${lines.join('; ')}`);
    expect(handOvers).toHaveLength(7);
    const slackMs = slackFor(500, stalls);
    for (const { what, ms, boundMs } of handOvers) {
      expect(ms, what).toBeLessThan(boundMs + slackMs);
    }
  },
);
