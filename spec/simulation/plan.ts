import type { StepFuncSourceConfig } from '../../lib/index.js';
import type { Random } from './engine/random.js';
import { createRandom } from './engine/random.js';
import { POLLERS } from './judge/pollers.js';
import type { Frame } from './moments.js';
import {
  awsTroubleAtStops,
  capSome,
  componentRestart,
  momentOf,
  secondStops,
  shortTasks,
  storeFades,
} from './moments.js';
import type { Scene } from './scenes.js';
import {
  outage,
  replacement,
  SCENE_TTL_MS,
  sceneOf,
  sharedOutUnevenly,
  shrinking,
} from './scenes.js';
import type { Trouble } from './world/aws.js';
import { awsTroubles } from './world/aws.js';
import type { Manner, Work } from './world/component.js';
import { manners } from './world/component.js';
import type { Callback } from './world/instance.js';
import { callbacks } from './world/instance.js';
import type { StoreTraits, StoreTrouble } from './world/lock-store.js';
import { storeTroubles } from './world/lock-store.js';
import type { Service, Weather } from './world/network.js';
import { weathers } from './world/network.js';

/** One thing that happens to the cluster. Times are milliseconds from the beginning. */
export type Happening = { at: number } & (
  | { kind: 'starts'; instance: string; sizes: Sizes }
  | { kind: 'task'; id: string; work: Work; timeoutMs: number }
  | { kind: 'blocks'; instance: string; where: Callback; ms: number }
  | { kind: 'freezes'; instance: string; ms: number; suspended: boolean }
  | { kind: 'setsClock'; instance: string; byMs: number }
  | { kind: 'isKilled'; instance: string }
  | { kind: 'stops'; instance: string; graceMs: number | undefined }
  | { kind: 'resizes'; instance: string; sizes: Sizes }
  | { kind: 'weather'; instance: string; service: Service; weather: Weather; ms: number }
  | { kind: 'awsTrouble'; trouble: Trouble; ms: number }
  | { kind: 'activityIsDeleted' }
  | { kind: 'storeTrouble'; trouble: StoreTrouble; ms: number }
  | { kind: 'storeFailsOver'; lostMs: number }
  | { kind: 'storeClockLeaps'; byMs: number }
);

export type Start = Extract<Happening, { kind: 'starts' }>;

export interface Sizes {
  maxConcurrency: number;
  concurrencyPerPoller: number;
  /** Of an instance that takes fewer than the others. */
  maxPollersPerInstance?: number;
}

/** A whole run, that is, all of it that is decided beforehand. */
export interface Plan {
  seed: number;
  /** What the lock store can do; undefined: the instances share nothing. */
  locks: StoreTraits | undefined;
  config: StepFuncSourceConfig;
  heartbeatMs: number | undefined;
  happenings: Happening[];
  /** From then on nothing goes wrong any more. */
  calmAt: number;
  /**
   * The source has its own clients, which sign, retry and time their attempts, over a simulated
   * dispatcher. Otherwise a client is injected.
   */
  ownClients: boolean;
  /** Whether it watches every listener, which costs time. */
  countsListeners: boolean;
  /** Of the stop that ends the run, once all work is done. */
  lastGraceMs: number | undefined;
}

/** What a seed stands for. */
export function planOf(seed: number): Plan {
  const random = createRandom(`plan/${seed}`);
  const locks = random.chance(0.65) ? traitsOf(random) : undefined;
  const scene = sceneOf(random, locks);
  const ttlMs =
    locks === undefined ? 0 : scene ? SCENE_TTL_MS : random.pick([6_000, 12_000, 30_000]);
  const instances = instancesOf(random, scene);
  const sizes = sizesOf(random, scene, instances);
  const heartbeats = random.chance(0.5) ? random.whole(2, 15) * 1_000 : undefined;
  const patienceMs = random.pick([1_000, 5_000, 20_000, 60_000]);
  const waits = random.chance(0.25) || scene === 'componentRestart';
  // What waits for the component has time to.
  const isPatient = scene === 'componentRestart' || (waits && patienceMs >= 20_000);
  const config: StepFuncSourceConfig = {
    activityName: 'sum',
    path: '/sum',
    ...sizes,
    invokeTimeoutMs: scene === 'shrinking' ? 300_000 : isPatient ? 60_000 : patienceMs,
    ...(waits ? { onComponentDown: 'wait' } : {}),
    ...(heartbeats === undefined ? {} : { heartbeatIntervalMs: heartbeats }),
    ...(locks
      ? {
          lockTtlMs: ttlMs,
          onLeaseLost: random.pick(['drain', 'abort'] as const),
          ...(!scene && random.chance(0.3) ? { maxPollersPerInstance: random.whole(1, 4) } : {}),
        }
      : {}),
  };
  // What happens to leases takes some of their ttl. Without locks, time costs next to nothing.
  const calmAt = random.whole(30, ttlMs === 6_000 ? 90 : 150) * 1_000;
  const starts = Array.from({ length: instances }, (_, i): Start => ({
    at: scene || random.chance(0.7) ? random.whole(0, 2_000) : random.whole(0, calmAt / 2),
    kind: 'starts',
    instance: `i${i + 1}`,
    sizes,
  }));
  const happenings: Happening[] = [
    ...starts,
    // Without tasks, polls stay open for as long as they can.
    ...(scene === 'shrinking' || (scene && random.chance(0.6))
      ? []
      : tasks(random.fork('tasks'), scene === 'outage' ? 10_000 : calmAt, heartbeats)),
  ];
  switch (scene) {
    case 'componentRestart':
      happenings.push(...componentRestart(random.fork('restart'), calmAt));
      break;
    case 'outage':
      happenings.push(...outage(random.fork('outage'), starts, sizes));
      break;
    case 'replacement':
      happenings.push(...replacement(random.fork('replacement'), starts, sizes, calmAt));
      break;
    case 'shrinking':
      happenings.push(...shrinking(random.fork('shrinking'), starts, sizes));
      break;
    default: {
      const frame = { calmAt, sizes, starts, locks: locks !== undefined, ttlMs };
      happenings.push(
        ...faults(random.fork('faults'), frame),
        ...momentOf(random.fork('moment'), frame),
      );
      if (waits && isPatient) {
        happenings.push(...componentRestart(random.fork('restart'), calmAt));
      }
      if (locks !== undefined) {
        happenings.push(...storeFades(random.fork('fade'), happenings, ttlMs, calmAt));
        capSome(random.fork('caps'), happenings);
      }
    }
  }
  happenings.push(
    ...awsTroubleAtStops(random.fork('trouble at stops'), happenings, calmAt),
    ...secondStops(random.fork('second stops'), happenings, calmAt),
  );
  happenings.sort((a, b) => a.at - b.at);
  return {
    seed,
    locks,
    config,
    heartbeatMs: heartbeats === undefined ? undefined : heartbeats * 4 + 12_000,
    happenings,
    calmAt,
    ownClients: random.chance(0.25),
    countsListeners: random.chance(0.25),
    lastGraceMs: random.pick([undefined, 0, 10_000]),
  };
}

function instancesOf(random: Random, scene: Scene | undefined): number {
  switch (scene) {
    case 'componentRestart':
    case 'outage':
      return 1;
    case 'replacement':
      return random.whole(2, 3);
    case 'shrinking':
      return 2;
    default:
      return random.whole(1, random.pick([2, 4, 8]));
  }
}

function sizesOf(random: Random, scene: Scene | undefined, instances: number): Sizes {
  switch (scene) {
    case 'replacement':
      return { maxConcurrency: sharedOutUnevenly(random, instances), concurrencyPerPoller: 1 };
    case 'shrinking':
      return { maxConcurrency: random.whole(8, POLLERS), concurrencyPerPoller: 1 };
    case 'outage':
      return { maxConcurrency: random.whole(4, POLLERS), concurrencyPerPoller: 1 };
    case 'componentRestart':
      // More slots than the polls that are open by then bring tasks.
      return { maxConcurrency: 6, concurrencyPerPoller: 6 };
    default:
      return {
        maxConcurrency: random.whole(1, POLLERS),
        concurrencyPerPoller: random.whole(1, 4),
      };
  }
}

function traitsOf(random: Random): StoreTraits {
  if (random.chance(0.35)) return { hasMembers: true, hasClaimTimes: true, isDynamoDb: true };
  return { hasMembers: random.chance(0.4), hasClaimTimes: random.chance(0.5) };
}

function tasks(random: Random, calmAt: number, heartbeats: number | undefined): Happening[] {
  const count = random.pick([3, 10, 30, 80]);
  // All at once, or spread.
  const bursts = random.chance(0.4);
  const usual = random.pick<Manner>(['answers', 'answers', 'answers', 'computes', 'fails']);
  return Array.from({ length: count }, (_, i): Happening => {
    const manner = random.chance(0.75) ? usual : random.pick(manners);
    const most =
      manner === 'computes' ? random.pick([50, 500, 20_000]) : random.pick([50, 2_000, 30_000]);
    return {
      at: bursts ? random.whole(0, 5) * Math.floor(calmAt / 6) : random.whole(0, calmAt),
      kind: 'task',
      id: `t${i + 1}`,
      work: { manner, ms: random.whole(1, heartbeats === undefined ? most : most * 2) },
      timeoutMs: random.pick([90_000, 200_000]),
    };
  });
}

function faults(random: Random, { calmAt, sizes, starts, locks, ttlMs }: Frame): Happening[] {
  const names = starts.map(({ instance }) => instance);
  const happenings: Happening[] = [];
  const count = random.pick([0, 1, 3, 8, 15]);
  let born = names.length;
  let hasRolled = false;
  const when = () => random.whole(1_000, calmAt - 1_000);
  /** For so long, but no longer than until calm. */
  const lasting = (at: number, most: number) => random.whole(200, Math.min(most, calmAt - at));
  const newSizes = (): Sizes => ({
    // With locks the size of a poller is everybody's.
    maxConcurrency: random.whole(1, POLLERS),
    concurrencyPerPoller: locks ? sizes.concurrencyPerPoller : random.whole(1, 4),
  });

  for (let i = 0; i < count; i += 1) {
    const at = when();
    const instance = random.pick(names);
    const ms = lasting(at, random.pick([1_000, 15_000, 80_000]));
    switch (random.pick(kinds)) {
      case 'blocks':
        happenings.push(
          locks && random.chance(0.4)
            ? // While the lease is new, for about as long as it is valid.
              {
                at: random.chance(0.5) ? 0 : at,
                kind: 'blocks',
                instance,
                where: 'leaseAcquired',
                ms: Math.round(ttlMs * random.between(0.5, 2)),
              }
            : { at, kind: 'blocks', instance, where: random.pick(callbacks), ms },
        );
        break;
      case 'freezes':
        happenings.push({ at, kind: 'freezes', instance, ms, suspended: random.chance(0.4) });
        break;
      case 'setsClock':
        happenings.push({ at, kind: 'setsClock', instance, byMs: random.whole(-100_000, 100_000) });
        break;
      case 'isKilled':
        happenings.push({ at, kind: 'isKilled', instance });
        if (random.chance(0.7)) {
          born += 1;
          happenings.push({
            // Nothing starts after the calm, when all that runs is stopped.
            at: Math.min(calmAt, at + random.whole(0, 5_000)),
            kind: 'starts',
            instance: `i${born}`,
            sizes,
          });
        }
        break;
      case 'joins':
        born += 1;
        happenings.push({ at, kind: 'starts', instance: `i${born}`, sizes });
        break;
      case 'stops':
        happenings.push({ at, kind: 'stops', instance, graceMs: graceOf(random) });
        break;
      case 'rolls': {
        if (hasRolled) break;
        hasRolled = true;
        const to = newSizes();
        const gap = random.whole(500, 10_000);
        for (const [order, old] of names.entries()) {
          born += 1;
          const then = Math.min(calmAt, at + order * gap);
          happenings.push(
            { at: then, kind: 'starts', instance: `i${born}`, sizes: to },
            {
              at: Math.min(calmAt, then + 500),
              kind: 'stops',
              instance: old,
              graceMs: graceOf(random),
            },
          );
        }
        break;
      }
      case 'resizes':
        happenings.push({ at, kind: 'resizes', instance, sizes: newSizes() });
        break;
      case 'weather':
        happenings.push({
          at,
          kind: 'weather',
          instance: random.chance(0.3) ? '*' : instance,
          service: random.pick<Service>(['aws', 'aws', 'store', 'component']),
          weather: random.pick(weathers),
          ms,
        });
        break;
      case 'awsTrouble':
        happenings.push({
          at,
          kind: 'awsTrouble',
          trouble: random.pick(awsTroubles),
          ms,
        });
        break;
      case 'activityIsDeleted':
        happenings.push({ at, kind: 'activityIsDeleted' });
        // Polls come back and see it. While the next ones wait for the new ARN, the machine sleeps.
        if (random.chance(0.7)) {
          happenings.push(...shortTasks(random, `b${i}`, Math.max(0, at - 500)));
          const then = Math.min(calmAt, at + random.whole(1_500, 5_000));
          const sleepMs = Math.round(Math.max(ttlMs, 1_000) * random.between(1, 1.5));
          happenings.push({
            at: then,
            kind: 'freezes',
            instance,
            ms: Math.min(sleepMs, calmAt - then),
            suspended: true,
          });
        }
        break;
      case 'storeTrouble':
        happenings.push({
          at,
          kind: 'storeTrouble',
          trouble: random.pick(storeTroubles),
          ms,
        });
        break;
      case 'storeFailsOver':
        happenings.push({ at, kind: 'storeFailsOver', lostMs: random.whole(0, 5_000) });
        break;
      case 'storeClockLeaps':
        happenings.push({ at, kind: 'storeClockLeaps', byMs: random.whole(0, 60_000) });
        break;
    }
  }
  return happenings;
}

/** Each kind as often as it stands here. */
const kinds = [
  'blocks',
  'blocks',
  'blocks',
  'freezes',
  'freezes',
  'setsClock',
  'isKilled',
  'joins',
  'stops',
  'rolls',
  'resizes',
  'weather',
  'weather',
  'weather',
  'awsTrouble',
  'awsTrouble',
  'activityIsDeleted',
  'storeTrouble',
  'storeTrouble',
  'storeFailsOver',
  'storeClockLeaps',
] as const;

function graceOf(random: Random): number | undefined {
  return random.chance(0.4) ? undefined : random.pick([0, 2_000, 30_000, 75_000]);
}
