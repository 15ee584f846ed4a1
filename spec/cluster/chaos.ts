import { setTimeout as pass } from 'node:timers/promises';
import type { Engine } from '../integration/locks/engines.js';
import { createCluster, startTogether } from './cluster.js';
import { nowMs } from './clock.js';
import { eventually } from './eventually.js';
import type { End } from './instances.js';
import { startLoad } from './load.js';
import { createRandom } from './random.js';
import type { Outage, Step, Victim } from './schedule.js';
import { createSchedule } from './schedule.js';
import type { Slot } from './slot.js';
import { createSlot } from './slot.js';
import type { HandOut, Trace } from './trace.js';
import { isRunning } from './up.js';

export interface ChaosOptions {
  engine: Engine;
  seed: number;
  ms: number;
  ttlMs: number;
  slots: number;
}

/** What chaos leaves to be judged. */
export interface Chaos {
  trace: Trace;
  /** How many tasks there were, and how often the component was called with each. */
  tasks: number;
  runs: ReadonlyMap<string, number>;
  /** When the last step was over: what came later is the end, and undisturbed. */
  endedAt: number;
  /** How many steps of each kind were taken. */
  steps: Record<Step['do'], number>;
  /** How those ended that were not killed. */
  ends: (End & { instance: string })[];
}

const small = { maxConcurrency: 10, concurrencyPerPoller: 5 };
const large = { maxConcurrency: 20, concurrencyPerPoller: 5 };

/**
 * Runs instances for a while under a load, and has happen to them whatever the seed says. Then it lets
 * the load run out, and stops them all. Rejects if that takes for ever.
 */
export async function runChaos({ engine, seed, ms, ttlMs, slots }: ChaosOptions): Promise<Chaos> {
  const random = createRandom(seed);
  const schedule = createSchedule(random, ttlMs, ms);
  await using cluster = await createCluster(engine, { lockTtlMs: ttlMs, ...small });
  const { trace, runs } = cluster;
  const steps: Chaos['steps'] = { kill: 0, suspend: 0, stop: 0, outage: 0, feed: 0, grow: 0 };
  const ends: Promise<Chaos['ends'][number]>[] = [];
  const underWay = new Set<Promise<unknown>>();
  let growing = false;
  let added = 0;

  async function add(): Promise<Slot> {
    // Every other one drains what it loses, the others abort it.
    const onLeaseLost = (added += 1) % 2 === 0 ? 'drain' : 'abort';
    const grown = growing;
    const instance = await cluster.add({ ...(grown ? large : small), onLeaseLost });
    return createSlot(instance, grown, trace);
  }

  async function replace(number: number, storeIsDown?: Outage): Promise<void> {
    const fresh = await add();
    places[number] = fresh;
    if (storeIsDown !== undefined) background(fresh.cutOff(storeIsDown, 2 * ttlMs));
    await fresh.instance.ready();
    fresh.instance.start();
    await isRunning(fresh.instance);
  }

  async function leave({ instance }: Slot): Promise<void> {
    instance.terminate();
    const end = instance.ended.then((how) => ({ ...how, instance: instance.name }));
    ends.push(end);
    await end;
  }

  /** Replaces all that have the old config, one by one. */
  async function grow(): Promise<void> {
    growing = true;
    trace.caps.push({ at: nowMs(), tasks: large.maxConcurrency });
    for (const number of places.keys()) {
      const old = await untilClaimed(() => places[number]);
      if (old === undefined) continue;
      background(leave(old));
      await replace(number);
    }
  }

  /** Returns whether it could be done. */
  function take(step: Step): boolean {
    if (step.do === 'feed') load.queued = step.queued;
    if (step.do === 'grow') background(grow());
    if (step.do !== 'outage') return 'whom' in step ? disturb(step) : true;
    const hit = step.whom === 'everyone' ? places : [victim(step.whom)];
    for (const place of hit) background(place?.cutOff(step.how, step.ms));
    return hit[0] !== undefined;
  }

  function victim({ among, at }: Victim): Slot | undefined {
    const running = places.filter(({ instance }) => instance.running());
    const holders = running.filter(({ instance }) => instance.pollers().length > 0);
    const all = among === 'holders' && holders.length > 0 ? holders : running;
    return all[Math.floor(at * all.length)];
  }

  function disturb(step: Extract<Step, { do: 'kill' | 'suspend' | 'stop' }>): boolean {
    const place = victim(step.whom);
    if (place?.claim() !== true) return false;
    const number = places.indexOf(place);
    if (step.do === 'suspend') {
      background(suspend(place, step.ms));
      return true;
    }
    if (step.do === 'kill') void place.instance.kill();
    else background(leave(place));
    background(replace(number, step.do === 'kill' ? step.storeIsDownAtStart : undefined));
    return true;
  }

  function background(work: Promise<unknown> | undefined): void {
    if (work === undefined) return;
    underWay.add(work);
    // It is waited for below, and heard of then.
    work.catch(() => undefined);
  }

  const places = await Promise.all(Array.from({ length: slots }, add));
  await startTogether(places.map(({ instance }) => instance));
  const load = startLoad(cluster, createRandom(seed + 1), ttlMs);
  for (const step of schedule) {
    await pass(step.afterMs);
    if (take(step)) steps[step.do] += 1;
  }
  // Work may begin more of it: a Set goes on to what is added.
  for (const work of underWay) await work;
  const endedAt = nowMs();
  await load.stop();
  const open = () => trace.handOuts.filter((handOut) => isOpen(trace, handOut));
  await eventually(
    () => cluster.sfn.queued() === 0 && open().length === 0,
    () => `${cluster.sfn.queued()} tasks wait, under way: ${JSON.stringify(open())}`,
  );
  for (const place of places) background(leave(place));
  for (const work of underWay) await work;
  return { trace, tasks: load.tasks(), runs, endedAt, steps, ends: await Promise.all(ends) };
}

async function suspend(slot: Slot, ms: number): Promise<void> {
  slot.instance.suspend();
  await pass(ms);
  await slot.instance.resume();
  slot.unclaim();
}

/** Undefined where whoever is there by then has the new config already. */
async function untilClaimed(slot: () => Slot | undefined): Promise<Slot | undefined> {
  let claimed: Slot | undefined;
  await eventually(
    () => {
      const present = slot();
      if (present?.instance.running() === true && !present.grown && present.claim()) {
        claimed = present;
      }
      return claimed !== undefined || present?.grown === true;
    },
    () => `${slot()?.instance.name ?? 'no instance'} is not to be had`,
  );
  return claimed;
}

function isOpen({ happenings }: Trace, { instance, closedAt }: HandOut): boolean {
  const killed = (name: string) =>
    happenings.some((happening) => happening.instance === name && happening.what === 'killed');
  return closedAt === undefined && !killed(instance);
}
