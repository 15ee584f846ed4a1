/**
 * Ten sources and forty pollers on a real store: how evenly they share (rule L10), how long it takes,
 * and what it costs the store. For the table in docs/cluster.md.
 *
 *     npx tsx spec/soak/sharing.ts                      every kind of store, one after the other
 *     npx tsx spec/soak/sharing.ts redis --ttl 3        one of them, with a TTL in seconds
 */
import { setTimeout as pass } from 'node:timers/promises';
import { CreateActivityCommand } from '@aws-sdk/client-sfn';
import type { StepFuncSource } from '../../lib/index.js';
import { createStepFuncSource } from '../../lib/index.js';
import type { LockFactory } from '../../lib/locks/types.js';
import { FakeSfn } from '../../lib/testing/index.js';
import type { Engine, RunningEngine } from '../integration/locks/engines.js';
import { watchStalls } from '../support/stalls.js';
import { readArguments, seconds } from './arguments.js';

const usage = 'npx tsx spec/soak/sharing.ts [redis] [postgresql] [mysql] [dynamodb] [--ttl 6]';
const { engines, number } = readArguments(usage, ['ttl']);
const ttlMs = (number('ttl') ?? 6) * 1_000;
const pollers = 40;
const longPollMs = 500;
/** No instance may hold anything else for so long before it counts as settled, and none may move after. */
const quietMs = 3 * ttlMs;

/** How often so far. */
interface Counts {
  calls: number;
  /** Calls to the store that failed. */
  failed: number;
  /** Leases that were lost, and all that were given back, lost ones included. */
  lost: number;
  released: number;
}

interface Member {
  source: StepFuncSource;
  held(): number;
  stop(): Promise<void>;
}

/** Sources of one activity on one store, under a load of short tasks. */
async function createCrowd(store: RunningEngine, activityName: string) {
  const sfn = new FakeSfn({ longPollMs });
  await sfn.send(new CreateActivityCommand({ name: activityName }));
  const members: Member[] = [];
  const failures = new Map<string, number>();
  const runs = new Map<string, number>();
  const counts = { calls: 0, failed: 0, lost: 0, released: 0 };
  const load = { feeding: true };
  let tasks = 0;
  const outcomes: Promise<unknown>[] = [];

  const fed = (async () => {
    while (load.feeding) {
      const id = `t${(tasks += 1)}`;
      outcomes.push(sfn.runTask(activityName, { id }));
      await pass(50);
    }
  })();

  async function add(): Promise<Member> {
    const { locks, close } = await store.client();
    const source = createStepFuncSource(
      { activityName, path: '/', maxConcurrency: pollers, lockTtlMs: ttlMs },
      async ({ body }) => {
        runs.set(body, (runs.get(body) ?? 0) + 1);
        await pass(20);
        return { status: 200, headers: {}, body };
      },
      { client: sfn, locks: counted(locks, () => (counts.calls += 1)) },
    );
    source.on('lockStoreFailed', ({ error }) => {
      counts.failed += 1;
      failures.set(error, (failures.get(error) ?? 0) + 1);
    });
    source.on('leaseLost', () => (counts.lost += 1));
    source.on('leaseReleased', () => (counts.released += 1));
    await source.start();
    const member: Member = {
      source,
      held: () => source.status().pollers.filter(({ lease }) => lease?.lost === false).length,
      async stop() {
        members.splice(members.indexOf(member), 1);
        await source.stop();
        await close();
      },
    };
    members.push(member);
    return member;
  }

  return {
    members,
    add,
    counts: (): Counts => ({ ...counts }),
    shares: () => members.map(({ held }) => held()).sort((a, b) => b - a),
    async end() {
      load.feeding = false;
      await fed;
      await Promise.all(outcomes);
      await Promise.all([...members].map(({ stop }) => stop()));
      const twice = [...runs.values()].filter((count) => count > 1).length;
      const failed = [...failures].map(([error, count]) => `${error} ${count}`).join(', ');
      return `${tasks} tasks: ${tasks - runs.size} lost, ${twice} run twice; leases lost ${counts.lost}; failed calls: ${failed || 'none'}`;
    },
  };
}

type Crowd = Awaited<ReturnType<typeof createCrowd>>;

const scenes: Record<string, { play(crowd: Crowd): Promise<void>; settlesAt: number[] }> = {
  'started together': {
    async play(crowd) {
      await Promise.all(Array.from({ length: 10 }, () => crowd.add()));
    },
    settlesAt: Array<number>(10).fill(4),
  },
  'started half a second apart': {
    async play(crowd) {
      for (let i = 0; i < 10; i += 1) {
        await crowd.add();
        await pass(500);
      }
    },
    settlesAt: Array<number>(10).fill(4),
  },
  'nine join one that holds all': {
    async play(crowd) {
      await crowd.add();
      while (crowd.shares()[0] !== pollers) await pass(50);
      await Promise.all(Array.from({ length: 9 }, () => crowd.add()));
    },
    settlesAt: Array<number>(10).fill(4),
  },
  'a rolling deployment': {
    async play(crowd) {
      const old = await Promise.all(Array.from({ length: 10 }, () => crowd.add()));
      await pass(2 * ttlMs);
      for (const member of old) {
        await crowd.add();
        await pass(ttlMs / 3);
        await member.stop();
      }
    },
    settlesAt: Array<number>(10).fill(4),
  },
  'scaled in to five': {
    async play(crowd) {
      const all = await Promise.all(Array.from({ length: 10 }, () => crowd.add()));
      await pass(2 * ttlMs);
      await Promise.all(all.slice(5).map(({ stop }) => stop()));
    },
    settlesAt: Array<number>(5).fill(8),
  },
};

for (const engine of engines) {
  console.log(`${engine.name}, ttl ${seconds(ttlMs)}, 10 instances, ${pollers} pollers`);
  for (const name of Object.keys(scenes)) await play(engine, name);
}

async function play(engine: Engine, name: string): Promise<void> {
  const scene = scenes[name];
  if (scene === undefined) return;
  const store = await engine.start();
  const crowd = await createCrowd(store, `sharing-${process.pid}-${Date.now()}`);
  await scene.play(crowd);
  const from = performance.now();
  const before = crowd.shares().join();
  const atFirst = crowd.counts();
  const wanted = scene.settlesAt.join();
  const limit = from + 120_000 + 40 * ttlMs;
  while (crowd.shares().join() !== wanted && performance.now() < limit) await pass(50);
  const tookMs = performance.now() - from;
  const shares = crowd.shares().join();
  const moving = (crowd.counts().calls - atFirst.calls) / (tookMs / 1_000);
  // Whatever is still on its way.
  await pass(ttlMs);
  const stalls = watchStalls();
  const then = crowd.counts();
  await pass(quietMs);
  const now = crowd.counts();
  stalls.stop();
  const still = (now.calls - then.calls) / (quietMs / 1_000);
  const moved = now.released - then.released;
  const reasons = `${now.lost - then.lost} lost, ${now.failed - then.failed} calls failed, longest stall ${seconds(stalls.longestMs())}`;
  const end = await crowd.end();
  console.log(`  ${name}: ${before} became ${shares} within ${seconds(tookMs)}`);
  console.log(
    `    calls a second: ${moving.toFixed(0)} until then, ${still.toFixed(0)} after; moved after: ${moved} (${reasons}); ${end}`,
  );
  await store.stop();
}

/** The same locks, and membership, with each call to the store counted. */
function counted(locks: LockFactory, count: () => void): LockFactory {
  const counting =
    <A extends unknown[], R>(fn: (...args: A) => R) =>
    (...args: A): R => {
      count();
      return fn(...args);
    };
  return {
    createLock(name, ms) {
      const lock = locks.createLock(name, ms);
      return {
        acquireImmediately: counting(() => lock.acquireImmediately()),
        extend: counting((by?: number) => lock.extend(by)),
        release: counting(() => lock.release()),
        claimableInMs: () => lock.claimableInMs?.(),
      };
    },
    createMembership(group, ms) {
      const membership = locks.createMembership?.(group, ms);
      if (membership === undefined) throw new Error('The store has no membership');
      return {
        renew: counting((says: string) => membership.renew(says)),
        leave: counting(() => membership.leave()),
      };
    },
  };
}
