import { expect, it } from 'vitest';
import { createIdleJudge } from './judge/idle.js';
import { createLeasesJudge } from './judge/leases.js';
import { createJitterJudge } from './judge/jitter.js';
import { createPaceJudge } from './judge/pace.js';
import { createSharesJudge } from './judge/shares.js';
import { createTrouble } from './judge/trouble.js';
import { planOf } from './plan.js';
import type { Instance, World } from './world/instance.js';

/**
 * What the judge excuses, and must not excuse for ever. Two invariants follow from others, which break
 * first. C1, C2 and L hold the limit of all. Whatever goes on after a stop has left a timer. So no
 * planted fault shows these two.
 */
function createWorld(holders: Record<string, string>) {
  const broken: string[] = [];
  const world = {
    universe: { now: () => 0 },
    store: { holder: (name: string) => ({ machine: holders[name] }) },
    trouble: createTrouble(),
    line: { note: () => undefined, broken: (rule: string) => void broken.push(rule) },
  };
  return { world: world as unknown as World, broken };
}

function createInstance(name: string, used: number[], more: object = {}): Instance {
  const instance = {
    machine: { name, now: () => 0, monotonic: () => 0 },
    ttlMs: 6_000,
    leaseName: (poller: number) => `lease ${poller}`,
    slots: { used: (poller: number) => used[poller] ?? 0 },
    ...more,
  };
  return instance as unknown as Instance;
}

it('the judge counts polls and tasks under the leases of all instances', () => {
  const { world, broken } = createWorld({ 'lease 0': 'a', 'lease 1': 'b' });
  const happenings = [
    { at: 0, kind: 'starts' as const, instance: 'a', sizes: sizes(4) },
    { at: 0, kind: 'starts' as const, instance: 'b', sizes: sizes(4) },
  ];
  const plan = { ...planOf(1), happenings, config: { activityName: 'sum', ...sizes(4) } };
  const shares = createSharesJudge(world, plan);
  // What runs under a lease that another instance holds, is that of a lost lease (L5).
  shares.checkCap([createInstance('a', [2, 9]), createInstance('b', [9, 2])]);
  expect(broken).toEqual([]);
  shares.checkCap([createInstance('a', [2]), createInstance('b', [0, 3])]);
  expect(broken).toEqual(['L: the limit of all']);
});

it('the judge sees calls to the store after a stop, but for what is given back', () => {
  const { world, broken } = createWorld({});
  const leases = createLeasesJudge(createInstance('a', [], { stopped: true }), world);
  const call = { machine: 'a', name: 'lease 0', owner: 'a#1', sentAt: 0 };
  leases.sent({ ...call, operation: 'release' });
  expect(broken).toEqual([]);
  leases.sent({ ...call, operation: 'acquire' });
  expect(broken).toEqual(['S3: nothing after stop']);
});

it('the judge takes no poll for a good one that was sent before its poller failed', () => {
  const broken: string[] = [];
  const line = { note: () => undefined, broken: (rule: string) => void broken.push(rule) };
  let now = 10_000;
  const machine = { name: 'a', now: () => now };
  const pace = createPaceJudge(
    { machine, heldUp: createTrouble() } as unknown as Instance,
    line,
    createJitterJudge(line),
  );
  // While several pollers wait for the ARN, only this event says whose poll has failed.
  pace.pollFailed(0, 1_200);
  now = 12_000;
  pace.pollAnswered(0, 5_000, false);
  pace.pollFailed(0, 2_400);
  expect(broken).toEqual([]);
  pace.pollAnswered(0, 13_000, false);
  pace.pollFailed(0, 4_800);
  expect(broken).toEqual(['P1: none after a good poll']);
});

it('the judge lets what was read late count, but not what was granted late (L2, L7)', () => {
  const { world, broken } = createWorld({});
  let now = 0;
  const machine = { name: 'a', now: () => now, monotonic: () => now };
  const heldUp = createTrouble();
  const leases = createLeasesJudge(createInstance('a', [], { machine, heldUp }), world);
  const call = { machine: 'a', operation: 'acquire' as const, name: 'lease 0', owner: 'a#1' };
  const at = (ms: number) => void (now = ms);

  at(1_500);
  // A sixth of 6 s had passed, but the process was blocked until now.
  heldUp.from(500, 1_000);
  leases.answered({ ...call, sentAt: 0 }, 'true');
  at(5_400);
  leases.pollSent(0);
  leases.checkLate(now);
  expect(broken).toEqual([]);
  at(5_500);
  leases.pollSent(0);
  expect(broken).toEqual(['L2: valid from the call']);

  at(20_000);
  leases.answered({ ...call, sentAt: 18_500 }, 'true');
  at(20_400);
  leases.checkLate(now);
  expect(broken).toHaveLength(1);
  at(20_600);
  leases.checkLate(now);
  expect(broken).toEqual(['L2: valid from the call', 'L7: late leases are given back']);
  leases.sent({ ...call, operation: 'release', sentAt: 20_700 });
  leases.checkLate(now);
  expect(broken).toHaveLength(2);
});

it('the judge lets a poller rest while its component is not there, and no longer (C3)', () => {
  const { world, broken } = createWorld({});
  let now = 100_000;
  const pollers = [{ poller: 0, concurrency: 2, openPolls: 0, tasks: 1 }];
  const idle = createIdleJudge(
    createInstance('a', [], {
      machine: { name: 'a', now: () => now },
      config: { onComponentDown: 'wait' },
      source: { state: 'running', status: () => ({ pollers }) },
      slots: { isTakenAway: () => false },
      pollers: () => 1,
    }),
    { ...world, store: undefined, pollTrouble: createTrouble() },
  );
  const look = () => {
    idle.check(1, now);
    now += 5_000;
  };
  idle.taskReceived('t1', 0);
  for (let times = 0; times < 5; times += 1) {
    idle.invoking('t1');
    idle.refused('t1');
    look();
  }
  expect(broken).toEqual([]);
  // The next attempt is under way for longer than a refusal takes.
  idle.invoking('t1');
  look();
  look();
  expect(broken).toEqual([]);
  look();
  expect(broken).toEqual(['C3: free slots poll']);
});

function sizes(maxConcurrency: number) {
  return { maxConcurrency, concurrencyPerPoller: 2 };
}
