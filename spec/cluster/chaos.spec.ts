import { expect, it } from 'vitest';
import { engines } from '../integration/locks/engines.js';
import { slackFor, watchStalls } from '../support/stalls.js';
import { runChaos } from './chaos.js';
import { judge } from './verdict.js';

const ttlMs = 1_500;
/** What happens to whom and when comes from the seed: that of a run that went wrong may be given. */
const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 1e9));

it.each(engines)(
  'C4, L1 to L9: whatever happens to processes and their store, the cap holds, no task runs twice, pollers go on, on $name',
  { timeout: 120_000 },
  async (engine) => {
    console.info(`chaos on ${engine.name}, CHAOS_SEED=${seed}`);
    const stalls = watchStalls();
    const chaos = await runChaos({ engine, seed, ms: 10_000, ttlMs, slots: 3 });
    stalls.stop();
    const slackMs = slackFor(400, stalls);
    const { complaints, figures } = judge(chaos, { ttlMs, slackMs });
    console.info(`chaos on ${engine.name}: ${JSON.stringify({ slackMs, ...figures })}`);
    expect(complaints).toEqual([]);
    // That it was chaos at all.
    expect(figures.instances).toBeGreaterThan(3);
    expect(figures.handOvers).toBeGreaterThan(4);
    expect(figures.tasksRun).toBeGreaterThan(20);
  },
);
