import type { Cluster } from './cluster.js';
import type { Figures } from './figures.js';
import { at, duration, number, seconds, spread } from './figures.js';
import type { StoreCalls } from './stores.js';
import type { VirtualTime } from './virtual-time.js';

const TICK_MS = 50;
/** What is waited for must come, or the figure says that it has not. */
const PATIENCE_MS = 600_000;

/** Instances start within two seconds of each other, and share the pollers. */
export async function start(time: VirtualTime, cluster: Cluster, count: number): Promise<Figures> {
  const { roleCount, store } = cluster;
  cluster.start(count, 2_000);
  const halfMs = await time.passUntil(
    () => cluster.pollersHeld() >= roleCount / 2,
    TICK_MS,
    PATIENCE_MS,
  );
  const restMs = await time.passUntil(
    () => cluster.pollersHeld() === roleCount,
    TICK_MS,
    PATIENCE_MS,
  );
  const { tries, renewals, releases } = store.calls;
  await time.passUntil(() => cluster.instances() === count, TICK_MS, PATIENCE_MS);
  return [
    ['half of the pollers held after', seconds(halfMs)],
    ['all of the pollers held after', seconds(halfMs + restMs)],
    ['lock calls until then', number(tries + renewals + releases)],
    ['pollers an instance', spread(cluster.shares(), number)],
    [
      'GetActivityTask bucket of 3,000, at the least',
      number(cluster.throttle.lowest('GetActivityTask')),
    ],
  ];
}

/** Nothing happens: what standing by costs. */
export async function standBy(time: VirtualTime, cluster: Cluster, ms: number): Promise<Figures> {
  // What the start has left behind comes to rest.
  await time.pass(cluster.options.lockTtlMs);
  const before = snapshot(cluster);
  const cpuBefore = process.cpuUsage();
  await time.pass(ms);
  const cpu = process.cpuUsage(cpuBefore);
  const per = rates(before, snapshot(cluster), ms);
  const cpuShare = (cpu.user + cpu.system) / 1_000 / ms / cluster.instances();
  return [
    ['tries a second', per('tries')],
    ['renewals a second', per('renewals')],
    ['open polls', number(cluster.sfn.openPolls())],
    ['GetActivityTask a second', per('polls')],
    ['CPU an instance, of one core', `${(100 * cpuShare).toFixed(2)} %`],
  ];
}

/** Tasks come at random moments, so many a second. */
export async function work(
  time: VirtualTime,
  cluster: Cluster,
  perSecond: number,
  ms: number,
): Promise<Figures> {
  const { tasks } = cluster.seen;
  tasks.waitedMs.length = 0;
  const before = { ...snapshot(cluster), ended: tasks.ended };
  const gapMs = () => (-1_000 / perSecond) * Math.log(1 - Math.random());
  for (let due = gapMs(); due < ms; due += gapMs()) setTimeout(() => cluster.offer(), due);
  await time.pass(ms);
  const per = rates(before, snapshot(cluster), ms);
  const waited = tasks.waitedMs.toSorted((a, b) => a - b);
  return [
    ['tasks that came a second', number(perSecond)],
    ['tasks that ended a second', number(((tasks.ended - before.ended) / ms) * 1_000)],
    ['GetActivityTask a second', per('polls')],
    [
      'from scheduled to invoked: median / 99 %',
      [0.5, 0.99].map((share) => duration(at(waited, share))).join(' / '),
    ],
    ['tasks at a time, at most', number(cluster.seen.mostTasks)],
    ['calls refused by the buckets', number(refused(cluster))],
  ];
}

/** Instances vanish at one moment, their leases and polls staying behind. */
export async function vanish(time: VirtualTime, cluster: Cluster, count: number): Promise<Figures> {
  const failedBefore = new Map(cluster.seen.pollsFailed);
  const startedAt = time.now();
  const left = new Set(cluster.vanish(count));
  const pollers = left.size;
  const takenAfter: number[] = [];
  const unwatch = cluster.onRole('leaseAcquired', (poller) => {
    if (left.delete(poller)) takenAfter.push(time.now() - startedAt);
  });
  await time.passUntil(() => left.size === 0, TICK_MS, PATIENCE_MS);
  unwatch();
  // AWS goes on counting the polls of the vanished, until their 60 s are over.
  await time.pass(60_000);
  cluster.seen.takenOverAfter = Math.max(...takenAfter, 0);
  return [
    ['pollers that they held', number(pollers)],
    ['held by others after', spread(takenAfter, seconds)],
    ['pollers an instance', spread(cluster.shares(), number)],
    ['polls that failed meanwhile', failuresSince(cluster, failedBefore)],
  ];
}

/** Instances are stopped at one moment, as when a service is scaled in. */
export async function stop(time: VirtualTime, cluster: Cluster, count: number): Promise<Figures> {
  const gaps = watchGaps(time, cluster);
  const { pollers, stopped } = cluster.stop(count);
  const stoppedAfter = await time.passUntil(() => stopped.size === count, TICK_MS, PATIENCE_MS);
  await time.passUntil(() => gaps.ms.length >= pollers.length, TICK_MS, PATIENCE_MS);
  gaps.end();
  cluster.seen.handedOverAfter = Math.max(...gaps.ms, 0);
  return [
    ['pollers that they held', number(pollers.length)],
    ['all stopped after', seconds(stoppedAfter)],
    ['from given back to held elsewhere', spread(gaps.ms, seconds)],
    ['pollers an instance', spread(cluster.shares(), number)],
  ];
}

/** How long each poller is nobody's, from its giving back to its next holder. */
function watchGaps(time: VirtualTime, cluster: Cluster) {
  const givenBackAt = new Map<number, number>();
  const ms: number[] = [];
  const unwatch = [
    cluster.onRole('leaseReleased', (poller) => givenBackAt.set(poller, time.now())),
    cluster.onRole('leaseAcquired', (poller) => {
      const since = givenBackAt.get(poller);
      if (since !== undefined) ms.push(time.now() - since);
      givenBackAt.delete(poller);
    }),
  ];
  return {
    ms,
    end() {
      for (const off of unwatch) off();
    },
  };
}

interface Counts extends StoreCalls {
  polls: number;
}

function snapshot({ store, sfn }: Cluster): Counts {
  return { ...store.calls, polls: sfn.calls('GetActivityTask') };
}

function rates(before: Counts, after: Counts, ms: number) {
  return (key: keyof Counts) => number(((after[key] - before[key]) / ms) * 1_000);
}

function refused({ throttle }: Cluster): number {
  return throttle.refused('GetActivityTask') + throttle.refused('SendTaskSuccess');
}

function failuresSince({ seen }: Cluster, before: Map<string, number>): string {
  const told = [...seen.pollsFailed].flatMap(([error, count]) => {
    const more = count - (before.get(error) ?? 0);
    return more > 0 ? [`${number(more)} ${error}`] : [];
  });
  return told.join(', ') || 'none';
}
