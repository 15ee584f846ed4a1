import type { Random } from './engine/random.js';
import type { Happening, Sizes, Start } from './plan.js';
import type { Manner } from './world/component.js';

/** What a plan has beside what happens to its instances. */
export interface Frame {
  calmAt: number;
  sizes: Sizes;
  /** Of the instances that start first. */
  starts: readonly Start[];
  locks: boolean;
  ttlMs: number;
}

/** What chance alone would seldom bring together. About half of the plans have one. */
export function momentOf(random: Random, frame: Frame): Happening[] {
  const moments = [awsIsAway, awsIsSilent, activityGoes, narrowUploads, resizesAtWork, stopsSoon];
  if (frame.locks) moments.push(leapsWhileStoreFails);
  const moment = random.pick(moments);
  return random.chance(0.5) ? moment(random, frame) : [];
}

/** Until the calm, so that back-offs reach their bound if that is far away. Tasks have just ended. */
function awsIsAway(random: Random, { calmAt }: Frame): Happening[] {
  const at = random.whole(5_000, 15_000);
  const ms = calmAt - at;
  const trouble = random.pick(['unavailable', 'throttled'] as const);
  return [{ at, kind: 'awsTrouble', trouble, ms }, ...shortTasks(random, 'a', at - 1_000, 2_000)];
}

/** For about as long as a poll is held: most polls are answered unheard. */
function awsIsSilent(random: Random, { calmAt }: Frame): Happening[] {
  const at = random.whole(3_000, 10_000);
  const ms = Math.min(calmAt - at, random.whole(50_000, 70_000));
  return [{ at, kind: 'weather', instance: '*', service: 'aws', weather: 'silent', ms }];
}

/** Polls come back and see it, and it can't be created anew. */
function activityGoes(random: Random, { calmAt }: Frame): Happening[] {
  const at = random.whole(5_000, calmAt - 10_000);
  const troubleAt = at + random.whole(500, 2_000);
  const ms = Math.min(calmAt - troubleAt, random.whole(3_000, 20_000));
  const trouble = random.pick(['unavailable', 'internal', 'throttled'] as const);
  return [
    ...shortTasks(random, 'c', at - 500),
    { at, kind: 'activityIsDeleted' },
    { at: troubleAt, kind: 'awsTrouble', trouble, ms },
  ];
}

/** Long outputs by a narrow way. */
function narrowUploads(random: Random, { calmAt }: Frame): Happening[] {
  const at = random.whole(3_000, calmAt - 10_000);
  const ms = Math.min(calmAt - at, random.whole(10_000, 40_000));
  return [
    { at, kind: 'weather', instance: '*', service: 'aws', weather: 'narrow', ms },
    ...several(4, 'n', () => ({
      at: at + random.whole(0, ms),
      ms: random.whole(1, 2_000),
      manner: 'isHuge',
    })),
  ];
}

/** A clock leaps, and the store that is asked at once fails. */
function leapsWhileStoreFails(random: Random, frame: Frame): Happening[] {
  const { calmAt, ttlMs } = frame;
  const { at, instance } = running(random, frame);
  const ms = Math.min(calmAt - at, Math.round(ttlMs * random.between(0.3, 1)));
  const byMs = Math.round(ttlMs * random.between(1, 10));
  return [
    { at, kind: 'storeTrouble', trouble: 'fails', ms },
    { at: at + random.whole(0, ms / 2), kind: 'setsClock', instance, byMs },
  ];
}

/** One instance is resized while there is work, mostly to fewer pollers, and perhaps back again. */
function resizesAtWork(random: Random, frame: Frame): Happening[] {
  const { calmAt, sizes, locks } = frame;
  const { at, instance } = running(random, frame);
  const backAt = Math.min(calmAt, at + random.whole(1_000, 70_000));
  const most = Math.max(1, sizes.maxConcurrency - sizes.concurrencyPerPoller);
  const fewer = { ...sizes, maxConcurrency: random.whole(1, most) };
  // With locks the size of a poller is everybody's.
  const cutAnew = { ...sizes, concurrencyPerPoller: random.whole(1, 4) };
  const to = locks || random.chance(0.5) ? fewer : cutAnew;
  return [
    ...several(8, 'z', () => ({ at: at - random.whole(0, 5_000), ms: random.whole(1, 20_000) })),
    { at, kind: 'resizes', instance, sizes: to },
    ...shortTasks(random, 'r', at, 10_000),
    ...(random.chance(0.5) ? [{ at: backAt, kind: 'resizes', instance, sizes } as const] : []),
  ];
}

/** An instance is stopped with a short grace. */
function stopsSoon(random: Random, frame: Frame): Happening[] {
  const graceMs = random.pick([0, 2_000]);
  return [{ ...running(random, frame), kind: 'stops', graceMs }];
}

/** An instance, and a time at which it has started, 10 s before the calm at the latest. */
function running(random: Random, { calmAt, starts }: Frame): { at: number; instance: string } {
  const start = random.pick(starts);
  return { at: random.whole(start.at + 5_000, calmAt - 10_000), instance: start.instance };
}

/** Many short tasks within `ms`. */
export function shortTasks(random: Random, prefix: string, at: number, ms = 1_000): Happening[] {
  return several(20, `${prefix}t`, () => ({
    at: at + random.whole(0, ms),
    ms: random.whole(1, 300),
    timeoutMs: 90_000,
  }));
}

/** So many tasks, which the component answers after `ms` unless `draw` says otherwise. */
export function several(
  count: number,
  prefix: string,
  draw: () => { at: number; ms: number; manner?: Manner; timeoutMs?: number },
): Happening[] {
  return Array.from({ length: count }, (_, i) => {
    const { at, ms, manner = 'answers', timeoutMs = 200_000 } = draw();
    return { at, kind: 'task', id: `${prefix}${i + 1}`, work: { manner, ms }, timeoutMs };
  });
}

/** Tasks that are long come while the component is down for a moment. */
export function componentRestart(random: Random, calmAt: number): Happening[] {
  const at = random.whole(2_000, calmAt - 20_000);
  const ms = random.whole(2_000, 12_000);
  return [
    { at, kind: 'weather', instance: '*', service: 'component', weather: 'refuses', ms },
    // Few, so that slots stay free.
    ...several(4, 'r', () => ({ at: at + random.whole(0, ms), ms: random.whole(25_000, 55_000) })),
  ];
}

/** Calls to the store are slow when an instance starts, and then the store is away. Tasks go on. */
export function storeFades(
  random: Random,
  happenings: Happening[],
  ttlMs: number,
  calmAt: number,
): Happening[] {
  const starts = happenings.filter(({ at, kind }) => kind === 'starts' && at + 2 * ttlMs < calmAt);
  if (starts.length === 0 || !random.chance(0.35)) return [];
  const at = random.pick(starts).at + 1;
  const awayAt = Math.min(calmAt, Math.round(at + ttlMs * random.between(0.2, 1.2)));
  const ms = Math.min(calmAt - awayAt, Math.round(ttlMs * 1.3));
  return [
    {
      at,
      kind: 'weather',
      instance: '*',
      service: 'store',
      weather: 'delayed',
      ms: Math.max(0, awayAt - at),
    },
    { at: awayAt, kind: 'storeTrouble', trouble: 'hangs', ms },
    ...several(40, 'f', () => ({
      at: Math.min(calmAt, awayAt + random.whole(0, ms)),
      ms: random.whole(1, 300),
      timeoutMs: 90_000,
    })),
  ];
}

/** Some instances have a cap of their own. */
export function capSome(random: Random, happenings: Happening[]): void {
  for (const happening of happenings) {
    if (happening.kind !== 'starts' || !random.chance(0.2)) continue;
    happening.sizes = { ...happening.sizes, maxPollersPerInstance: random.whole(1, 3) };
  }
}

/** At the end of some graces, what still runs can't be reported for a while. */
export function awsTroubleAtStops(
  random: Random,
  happenings: Happening[],
  calmAt: number,
): Happening[] {
  return happenings.flatMap((happening, nth): Happening[] => {
    if (happening.kind !== 'stops' || happening.graceMs === undefined) return [];
    const { at: stopsAt, graceMs } = happening;
    const at = stopsAt + Math.max(0, graceMs - random.whole(0, 1_000));
    if (at > calmAt || !random.chance(0.5)) return [];
    const ms = Math.min(calmAt - at, random.whole(10_000, 40_000));
    return [
      { at, kind: 'awsTrouble', trouble: 'unavailable', ms },
      ...several(4, `s${nth}t`, () => ({
        at: Math.max(0, stopsAt - random.whole(0, 5_000)),
        ms: graceMs + random.whole(1, 30_000),
      })),
    ];
  });
}

/** Some who have stopped somebody have no patience, and stop it again with a shorter grace. */
export function secondStops(random: Random, happenings: Happening[], calmAt: number): Happening[] {
  return happenings.flatMap((happening): Happening[] => {
    if (happening.kind !== 'stops' || !random.chance(0.3)) return [];
    const at = Math.min(calmAt, happening.at + random.whole(100, 5_000));
    return [{ ...happening, at, graceMs: random.pick([0, 2_000]) }];
  });
}
