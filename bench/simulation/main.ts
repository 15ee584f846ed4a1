/**
 * A cluster on fake time: 50 instances of a service, up to 1,000 pollers, the real sources, leases and
 * test kit, and a lock store in memory. Minutes of it pass in what their work costs.
 *
 *     npm run simulate
 *     npm run simulate -- --only 1 --seed 7
 */
import { parseArgs } from 'node:util';
import { toText } from '../report/terminal.js';
import type { ClusterOptions } from './cluster.js';
import { createCluster } from './cluster.js';
import type { Figures } from './figures.js';
import { number, seconds } from './figures.js';
import * as phases from './phases.js';
import type { VirtualTime } from './virtual-time.js';
import { installSeededRandom, installVirtualTime } from './virtual-time.js';

const INSTANCES = 50;
const TTL_MS = 30_000;

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
const realNow = performance.now.bind(performance);
const time = installVirtualTime();
const broken: string[] = [];

for (const shape of chosen) {
  if (shape === undefined) throw new Error(`--only takes a number from 1 to ${shapes.length}`);
  installSeededRandom(Number(values.seed));
  await simulate(time, shape);
  time.freeze();
}
for (const line of broken) console.log(`BROKEN  ${line}`);
if (broken.length > 0) process.exitCode = 1;

async function simulate(clock: VirtualTime, shape: Shape): Promise<void> {
  const startedAt = realNow();
  const bornAt = clock.now();
  const cluster = createCluster({
    ...shape,
    maxConcurrency: 1_000,
    lockTtlMs: TTL_MS,
    taskMs: 1_500,
  });
  const told: [phase: string, Figures][] = [
    [`${INSTANCES} instances start within 2 s`, await phases.start(clock, cluster, INSTANCES)],
    ['nothing to do', await phases.standBy(clock, cluster, 60_000)],
  ];
  if (!shape.short) {
    told.push(['work, within the quota', await phases.work(clock, cluster, 400, 30_000)]);
  }
  told.push(['10 instances vanish', await phases.vanish(clock, cluster, 10)]);
  if (!shape.short) {
    told.push(
      ['10 instances are stopped', await phases.stop(clock, cluster, 10)],
      ['work, beyond the quota', await phases.work(clock, cluster, 800, 90_000)],
    );
  }
  const { roleCount, seen } = cluster;
  const { concurrencyPerPoller: each, maxPollersPerInstance: cap, store } = shape;
  const title = `${number(roleCount)} pollers of ${each}, ${cap === undefined ? 'no cap' : `${cap} an instance at most`}, ${store}`;
  const rows = told.flatMap(([phase, figures]) =>
    figures.map(([name, value], at) => [at === 0 ? phase : '', name, value]),
  );
  const took = (realNow() - startedAt) / 1_000;
  const note = `Seed ${values.seed}, ttl ${seconds(TTL_MS)}. Three figures: least / median / most. ${seconds(clock.now() - bornAt)} of the cluster in ${took.toFixed(0)} s.`;
  console.log(`\n${toText({ title, head: ['phase', 'figure', 'value'], rows, note })}`);

  const expect = (holds: boolean, what: string) => {
    if (!holds) broken.push(`${title}: ${what}`);
  };
  expect(seen.heldTwice === 0, `${seen.heldTwice} times a poller was held twice`);
  expect(seen.mostTasks <= 1_000, `${seen.mostTasks} tasks ran at a time`);
  expect(
    cluster.pollersHeld() === roleCount,
    `${cluster.pollersHeld()} of ${roleCount} pollers held at the end`,
  );
  expect(
    seen.takenOverAfter <= (4 / 3) * TTL_MS,
    `taken over after ${seconds(seen.takenOverAfter)}`,
  );
  expect(seen.handedOverAfter <= TTL_MS / 3, `handed over after ${seconds(seen.handedOverAfter)}`);
}
