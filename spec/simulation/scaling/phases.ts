import type { Universe } from '../engine/universe.js';
import type { Cluster } from './cluster.js';
import type { Figures } from './figures.js';
import { at, duration, number, seconds, spread } from './figures.js';

const TICK_MS = 50;
/** What is waited for must come, or the figure says that it has not. */
const PATIENCE_MS = 600_000;

function pass(universe: Universe, ms: number): Promise<void> {
  return universe.run(universe.now() + ms);
}

/** Lets time pass until `condition` holds. Resolves to how long it took. */
async function passUntil(universe: Universe, condition: () => boolean): Promise<number> {
  const startedAt = universe.now();
  while (!condition() && universe.now() - startedAt < PATIENCE_MS) await pass(universe, TICK_MS);
  return universe.now() - startedAt;
}

/** Instances start within two seconds of each other, and share the pollers. */
export async function start(universe: Universe, cluster: Cluster, count: number): Promise<Figures> {
  const { pollerCount, calls } = cluster;
  cluster.start(count, 2_000);
  const allMs = await passUntil(universe, () => cluster.pollersHeld() === pollerCount);
  const { acquire, extend, release, renewMember } = calls;
  await passUntil(universe, () => cluster.instances() === count);
  const sharesThen = spread(cluster.shares(), number);
  // L10: shares become even within 2 TTL + 60 s, and the tasks of a poller.
  await pass(universe, 2 * cluster.options.lockTtlMs + 60_000);
  return [
    ['all of the pollers run after', seconds(allMs)],
    ['lock calls until then', number(acquire + extend + release + renewMember)],
    ['pollers an instance then', sharesThen],
    ['pollers an instance two minutes later', spread(cluster.shares(), number)],
  ];
}

/** Nothing happens: what standing by costs. */
export async function standBy(universe: Universe, cluster: Cluster, ms: number): Promise<Figures> {
  const before = snapshot(cluster);
  const cpuBefore = process.cpuUsage();
  await pass(universe, ms);
  const cpu = process.cpuUsage(cpuBefore);
  const per = rates(before, snapshot(cluster), ms);
  const cpuShare = (cpu.user + cpu.system) / 1_000 / ms / cluster.instances();
  return [
    ['tries a second', per('acquire')],
    ['renewals a second', per('extend')],
    ['looks at the other instances a second', per('renewMember')],
    ['open polls', number(cluster.aws.openPolls())],
    ['GetActivityTask a second', per('polls')],
    ['CPU an instance, of one core', `${(100 * cpuShare).toFixed(2)} %`],
  ];
}

/** Tasks come at random moments, so many a second. */
export async function work(
  universe: Universe,
  cluster: Cluster,
  perSecond: number,
  ms: number,
): Promise<Figures> {
  const { tasks } = cluster.seen;
  tasks.waitedMs.length = 0;
  const before = { ...snapshot(cluster), ended: tasks.ended, refused: refused(cluster) };
  const random = cluster.random.fork(`work ${perSecond}`);
  const gapMs = () => (-1_000 / perSecond) * Math.log(1 - random.next());
  for (let due = gapMs(); due < ms; due += gapMs()) {
    universe.at(universe.now() + due, () => cluster.offer(`${perSecond}/${due}`));
  }
  await pass(universe, ms);
  const per = rates(before, snapshot(cluster), ms);
  const waited = tasks.waitedMs.toSorted((a, b) => a - b);
  return [
    ['tasks that came a second', number(perSecond)],
    ['tasks that ended a second', number(((tasks.ended - before.ended) / ms) * 1_000)],
    ['GetActivityTask a second', per('polls')],
    [
      'from scheduled to invoked: median, 99 %',
      [0.5, 0.99].map((share) => duration(at(waited, share))).join(', '),
    ],
    ['tasks at a time, at most', number(cluster.seen.mostTasks)],
    ['calls refused by the buckets', number(refused(cluster) - before.refused)],
  ];
}

/** Instances vanish at one moment. Their leases and polls stay behind. */
export async function vanish(
  universe: Universe,
  cluster: Cluster,
  count: number,
): Promise<Figures> {
  const failedBefore = new Map(cluster.seen.pollsFailed);
  const startedAt = universe.now();
  const left = new Set(cluster.vanish(count));
  const pollers = left.size;
  const takenAfter: number[] = [];
  const unwatch = cluster.onLease((name, poller) => {
    const isTaken = name === 'leaseAcquired' && left.delete(poller);
    if (isTaken) takenAfter.push(universe.now() - startedAt);
  });
  await passUntil(universe, () => left.size === 0);
  unwatch();
  // AWS goes on counting the polls of the vanished, until their 60 s are over.
  await pass(universe, 60_000);
  cluster.seen.takenOverAfter = Math.max(...takenAfter, 0);
  return [
    ['pollers that they ran', number(pollers)],
    ['run by others after', spread(takenAfter, seconds)],
    ['pollers an instance then', spread(cluster.shares(), number)],
    ['polls that failed meanwhile', failuresSince(cluster, failedBefore)],
  ];
}

/** Instances are stopped at one moment, as when a service is scaled in. */
export async function stop(universe: Universe, cluster: Cluster, count: number): Promise<Figures> {
  const releasedAt = new Map<number, number>();
  const gapsMs: number[] = [];
  const unwatch = cluster.onLease((name, poller) => {
    if (name === 'leaseReleased') {
      releasedAt.set(poller, universe.now());
      return;
    }
    const since = releasedAt.get(poller);
    if (since !== undefined) gapsMs.push(universe.now() - since);
    releasedAt.delete(poller);
  });
  const { pollers, stopped } = cluster.stop(count);
  const stoppedAfter = await passUntil(universe, () => stopped.size === count);
  await passUntil(universe, () => releasedAt.size === 0);
  unwatch();
  cluster.seen.handedOverAfter = Math.max(...gapsMs, 0);
  return [
    ['pollers that they ran', number(pollers.length)],
    ['all stopped after', seconds(stoppedAfter)],
    ['a poller runs nowhere for', spread(gapsMs, seconds)],
    ['pollers an instance then', spread(cluster.shares(), number)],
  ];
}

function snapshot({ calls, buckets }: Cluster) {
  return { ...calls, polls: buckets.asked('GetActivityTask') };
}

type Counts = ReturnType<typeof snapshot>;

function rates(before: Counts, after: Counts, ms: number) {
  return (key: keyof Counts) => number(((after[key] - before[key]) / ms) * 1_000);
}

function refused({ buckets }: Cluster): number {
  return buckets.refused('GetActivityTask') + buckets.refused('SendTaskSuccess');
}

function failuresSince({ seen }: Cluster, before: Map<string, number>): string {
  const failed = [...seen.pollsFailed].flatMap(([error, count]) => {
    const more = count - (before.get(error) ?? 0);
    return more > 0 ? [`${number(more)} ${error}`] : [];
  });
  return failed.join(', ') || 'none';
}
