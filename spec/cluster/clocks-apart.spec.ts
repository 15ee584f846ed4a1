import { setTimeout as pass } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { engines } from '../integration/locks/engines.js';
import { createCluster } from './cluster.js';
import { nowMs } from './clock.js';
import { holds, isRunning, momentOf, standBy } from './up.js';

/** A sixth of it must do for an answer of the store, on a busy machine too. */
const lockTtlMs = 4_000;
/** For the store's own time, and this machine's under load. */
const slackMs = 5_000;
const hour = 3_600_000;
const peacefully = { code: 0, signal: null, stderr: '' };

it.for(engines)(
  'L4, L11: a process whose clock is an hour ahead takes nothing that is held, and leaves nothing held, on $name',
  { timeout: 90_000, concurrent: true },
  async (engine) => {
    await using cluster = await createCluster(engine, { lockTtlMs, maxConcurrency: 1 });
    const { trace } = cluster;
    const right = await standBy(cluster);
    await holds(right, 1);
    const ahead = await cluster.add();
    await ahead.ready();
    ahead.leapClock(hour);
    ahead.start();
    await isRunning(ahead);
    const begunAt = nowMs();
    await pass(2 * lockTtlMs);
    const changes = trace.happenings.filter(
      ({ at, what }) => at >= begunAt && (what === 'acquired' || what === 'lost'),
    );
    expect(changes).toEqual([]);

    right.terminate();
    expect(await right.ended).toEqual(peacefully);
    await holds(ahead, 1);
    const heir = await standBy(cluster);
    const killedAt = nowMs();
    void ahead.kill();
    const took = (await momentOf(cluster, heir, 'acquired', killedAt)) - killedAt;
    // DynamoDB has no clock: the heir has to see the lease unchanged for a ttl first.
    expect(took).toBeLessThan(2 * lockTtlMs + slackMs);
    heir.terminate();
    expect(await heir.ended).toEqual(peacefully);
  },
);
