/**
 * How a large cluster does: 50 instances of the real library with up to 1,000 pollers. They run on
 * virtual time, on the simulation's parts. docs/scaling.md has what it prints.
 *
 *     npm run simulate
 *     npm run simulate -- --only 1 --seed 7
 */
import { parseArgs } from 'node:util';
import { createRandom } from '../engine/random.js';
import { createUniverse } from '../engine/universe.js';
import type { ClusterOptions } from './cluster.js';
import { createCluster } from './cluster.js';
import type { Figures } from './figures.js';
import { number, seconds } from './figures.js';
import * as phases from './phases.js';

const INSTANCES = 50;
const TTL_MS = 30_000;
const SLOTS = 1_000;

interface Shape extends Pick<
  ClusterOptions,
  'concurrencyPerPoller' | 'maxPollersPerInstance' | 'store'
> {
  /** Without work, and without a stop: what would be seen is seen in the others. */
  short?: true;
}

/** The same 1,000 tasks at a time, in each of the shapes that they may have. */
const shapes: Shape[] = [
  { concurrencyPerPoller: 1, store: 'redis', short: true },
  { concurrencyPerPoller: 1, store: 'redis', maxPollersPerInstance: 40 },
  { concurrencyPerPoller: 1, store: 'dynamodb', maxPollersPerInstance: 40, short: true },
  { concurrencyPerPoller: 10, store: 'redis', maxPollersPerInstance: 5 },
  { concurrencyPerPoller: 20, store: 'redis', maxPollersPerInstance: 2 },
];

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, only: { type: 'string' } },
});
const chosen = values.only === undefined ? shapes : [shapes[Number(values.only) - 1]];
for (const shape of chosen) {
  if (shape === undefined) throw new Error(`--only takes a number from 1 to ${shapes.length}`);
  await run(shape);
}

async function run(shape: Shape): Promise<void> {
  const startedAt = process.cpuUsage();
  const universe = createUniverse();
  const cluster = createCluster(universe, createRandom(`scaling/${values.seed}`), {
    ...shape,
    maxConcurrency: SLOTS,
    lockTtlMs: TTL_MS,
    taskMs: 1_500,
  });
  const { pollerCount, seen } = cluster;
  const { concurrencyPerPoller: each, maxPollersPerInstance: cap, store, short } = shape;
  console.log(
    `\n${number(pollerCount)} pollers of ${each}, ${cap === undefined ? 'no cap' : `${cap} an instance at most`}, ${store}`,
  );
  print(
    `${INSTANCES} instances start within 2 s`,
    await phases.start(universe, cluster, INSTANCES),
  );
  print('nothing to do', await phases.standBy(universe, cluster, 60_000));
  if (!short) print('work, within the quota', await phases.work(universe, cluster, 400, 30_000));
  print('10 instances vanish', await phases.vanish(universe, cluster, 10));
  if (!short) {
    print('10 instances are stopped', await phases.stop(universe, cluster, 10));
    print('work, beyond the quota', await phases.work(universe, cluster, 800, 90_000));
  }
  const heldAtTheEnd = cluster.pollersHeld();
  cluster.end();
  const cpu = process.cpuUsage(startedAt);
  console.log(
    `Seed ${values.seed}. ${seconds(universe.now())} of the cluster in ${seconds((cpu.user + cpu.system) / 1_000)} of CPU.`,
  );

  const expect = (holds: boolean, what: string) => {
    if (holds) return;
    process.exitCode = 1;
    console.log(`BROKEN  ${what}`);
  };
  expect(seen.heldTwice === 0, `${seen.heldTwice} times a poller was held twice`);
  expect(seen.mostTasks <= SLOTS, `${seen.mostTasks} tasks ran at a time`);
  expect(heldAtTheEnd === pollerCount, `${heldAtTheEnd} of ${pollerCount} pollers at the end`);
  const { takenOverAfter, handedOverAfter } = seen;
  expect(takenOverAfter <= (4 / 3) * TTL_MS, `taken over after ${seconds(takenOverAfter)}`);
  expect(handedOverAfter <= TTL_MS / 3, `handed over after ${seconds(handedOverAfter)}`);
}

/** Three figures: least, median and most. */
function print(phase: string, figures: Figures): void {
  console.log(`  ${phase}`);
  for (const [name, value] of figures) console.log(`    ${name.padEnd(42)}${value}`);
}
