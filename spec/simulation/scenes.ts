import type { Random } from './engine/random.js';
import { POLLERS } from './judge/pollers.js';
import { several } from './moments.js';
import type { Happening, Sizes, Start } from './plan.js';
import type { StoreTraits } from './world/lock-store.js';

export type Scene = 'componentRestart' | 'outage' | 'replacement' | 'shrinking';

/** Of plans with a scene. Polls outlast their leases by more than the judge's patience. */
export const SCENE_TTL_MS = 6_000;

/** Some plans have one thing happen and little else, so that nothing else hides what it does. */
export function sceneOf(random: Random, locks: StoreTraits | undefined): Scene | undefined {
  if (locks === undefined) return random.chance(0.12) ? 'componentRestart' : undefined;
  if (random.chance(0.12)) return 'outage';
  if (!locks.hasMembers) return undefined;
  if (random.chance(0.2)) return 'replacement';
  return random.chance(0.2) ? 'shrinking' : undefined;
}

/**
 * The store is away for longer than leases last, and another instance comes. The one that was alone
 * has lost all pollers, while its polls are still open.
 */
export function outage(random: Random, starts: readonly Start[], sizes: Sizes): Happening[] {
  for (const start of starts) {
    if (random.chance(0.5)) start.sizes = { ...sizes, maxPollersPerInstance: 2 };
  }
  const at = random.whole(4_000, 15_000);
  const ms = Math.round(SCENE_TTL_MS * random.between(1, 1.8));
  return [
    { at, kind: 'storeTrouble', trouble: random.pick(['fails', 'hangs'] as const), ms },
    { at: at + random.whole(0, ms + 3_000), kind: 'starts', instance: 'i2', sizes },
  ];
}

/**
 * Just before the calm an instance is killed, and another comes in its place. While the store knows of
 * both, everybody's share is smaller, and pollers are handed over. One instance may have no more than
 * its share of before.
 */
export function replacement(
  random: Random,
  starts: Start[],
  sizes: Sizes,
  calmAt: number,
): Happening[] {
  const killed = random.pick(starts);
  const capped = random.pick(starts.filter((start) => start !== killed));
  const share = Math.floor(sizes.maxConcurrency / starts.length);
  capped.sizes = { ...sizes, maxPollersPerInstance: share };
  const at = calmAt - 5_000;
  return [
    { at, kind: 'isKilled', instance: killed.instance },
    {
      at: at + random.whole(0, 4_000),
      kind: 'starts',
      instance: `i${starts.length + 1}`,
      sizes,
    },
  ];
}

/**
 * So many pollers that some are left after everybody's even share, and that shares are smaller as soon
 * as there is one instance more.
 */
export function sharedOutUnevenly(random: Random, instances: number): number {
  const share = random.whole(3, Math.floor((POLLERS - 1) / instances));
  return Math.min(POLLERS, share * instances + random.whole(1, share - 1));
}

/**
 * All instances are resized to half of the pollers. The first has a cap, and a long task for each of
 * its pollers, some of which the resize takes away.
 */
export function shrinking(random: Random, starts: readonly Start[], sizes: Sizes): Happening[] {
  for (const [i, start] of starts.entries()) {
    // Its polls have been open for longest, so they bring the tasks.
    start.at = i * 5_000;
    if (i === 0) start.sizes = { ...sizes, maxPollersPerInstance: 2 };
  }
  const at = random.whole(10_000, 25_000);
  const fewer = { ...sizes, maxConcurrency: Math.ceil(sizes.maxConcurrency / 2) };
  return [
    ...several(2, 'l', () => ({
      at,
      ms: random.whole(150_000, 200_000),
      timeoutMs: 290_000,
    })),
    ...starts.map(({ instance }, i): Happening => ({
      at: at + 1_000 + i * 100,
      kind: 'resizes',
      instance,
      sizes: fewer,
    })),
  ];
}
