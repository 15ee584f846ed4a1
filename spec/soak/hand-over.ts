/**
 * Times how pollers go from process to process, for the table in docs/cluster.md.
 *
 *     npx tsx spec/soak/hand-over.ts                           10 times on every kind of store
 *     npx tsx spec/soak/hand-over.ts redis --times 3           less of it
 */
import { createCluster } from '../cluster/cluster.js';
import type { HandOver } from '../cluster/hand-over.js';
import { timeHandOvers } from '../cluster/hand-over.js';
import { compileProject } from '../support/compiled.js';
import { meanAndMax, readArguments } from './arguments.js';

const ttlMs = 1_500;

const usage = 'npx tsx spec/soak/hand-over.ts [redis] [postgresql] [mysql] [dynamodb] [--times 10]';
const { engines, number } = readArguments(usage, ['times']);
const times = number('times') ?? 10;

await compileProject();
for (const engine of engines) {
  const measured = new Map<HandOver['what'], number[]>();
  for (let time = 0; time < times; time += 1) {
    await using cluster = await createCluster(engine, {
      lockTtlMs: ttlMs,
      maxConcurrency: 2,
      concurrencyPerPoller: 2,
    });
    for (const { what, ms } of await timeHandOvers(cluster, ttlMs)) {
      measured.set(what, [...(measured.get(what) ?? []), ms]);
    }
  }
  console.log(`${engine.name}, ttl ${ttlMs} ms: mean (maximum) of so many`);
  for (const [what, all] of measured) console.log(`  ${what.padEnd(32)}  ${meanAndMax(all)}`);
}
