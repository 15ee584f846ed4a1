import { setTimeout as pass } from 'node:timers/promises';
import type { Cluster } from './cluster.js';
import { nowMs } from './clock.js';
import { holds, momentOf, standBy } from './up.js';

export interface HandOver {
  what:
    | 'killed: held elsewhere'
    | 'suspended: held elsewhere'
    | 'stopped: held elsewhere'
    | 'store refuses: loss declared'
    | 'store hangs: loss declared'
    | 'store back: held again';
  ms: number;
  /** By the rules L2 and L4; the store's own time and the machine's come on top. */
  boundMs: number;
}

/**
 * Has the one poller of a cluster go from instance to instance, and times each way that it can go. One
 * instance holds, another stands by; at the end there is one, and the store goes away.
 */
export async function timeHandOvers(cluster: Cluster, ttlMs: number): Promise<HandOver[]> {
  const handOvers: HandOver[] = [];
  const timed = (what: HandOver['what'], from: number, to: number, boundMs: number) =>
    void handOvers.push({ what, ms: Math.max(0, to - from), boundMs });
  /** Any moment between two renewals may be the one, and who stands by has tried its luck. */
  const someTime = () => pass(ttlMs * (1 + Math.random()));

  const a = await standBy(cluster);
  await holds(a, 1);
  const b = await standBy(cluster);
  await someTime();
  const killedAt = nowMs();
  void a.kill();
  const byB = await momentOf(cluster, b, 'acquired', killedAt);
  timed('killed: held elsewhere', killedAt, byB, (ttlMs * 4) / 3);

  const c = await standBy(cluster);
  await someTime();
  const suspendedAt = nowMs();
  b.suspend();
  const byC = await momentOf(cluster, c, 'acquired', suspendedAt);
  timed('suspended: held elsewhere', suspendedAt, byC, (ttlMs * 4) / 3);
  await b.resume();
  await momentOf(cluster, b, 'released', suspendedAt);

  await someTime();
  const terminatedAt = nowMs();
  c.terminate();
  const releasedAt = await momentOf(cluster, c, 'released', terminatedAt);
  const byBAgain = await momentOf(cluster, b, 'acquired', terminatedAt);
  timed('stopped: held elsewhere', releasedAt, byBAgain, ttlMs / 3);

  for (const how of ['refuse', 'hang'] as const) {
    await someTime();
    const goneAt = nowMs();
    await b.network[how]();
    const lostAt = await momentOf(cluster, b, 'lost', goneAt);
    timed(`store ${how}s: loss declared`, goneAt, lostAt, ttlMs * 0.9);
    await momentOf(cluster, b, 'released', goneAt);
    // Its tries get further apart meanwhile.
    await pass(2 * ttlMs);
    const backAt = nowMs();
    await b.network.restore();
    const byBOnceMore = await momentOf(cluster, b, 'acquired', backAt);
    // Up to a ttl until it tries, and another where the store has no clock to see a dead lease by.
    timed('store back: held again', backAt, byBOnceMore, 2 * ttlMs);
  }
  b.terminate();
  await b.ended;
  return handOvers;
}
