import { expect, it } from 'vitest';
import { createLeasesJudge } from './judge/leases.js';
import { createJitterJudge } from './judge/jitter.js';
import { createPaceJudge } from './judge/pace.js';
import { createSharesJudge } from './judge/shares.js';
import { createTrouble } from './judge/trouble.js';
import { planOf } from './plan.js';
import type { Instance, World } from './world/instance.js';

/**
 * What the judge excuses, and must not excuse for ever. Two invariants follow from others, which break first: C1, C2 and L hold the limit of all, and
 * whatever goes on after a stop has left a timer. So no planted fault shows them.
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
  pace.pollAnswered(0, 5_000);
  pace.pollFailed(0, 2_400);
  expect(broken).toEqual([]);
  pace.pollAnswered(0, 13_000);
  pace.pollFailed(0, 4_800);
  expect(broken).toEqual(['P1: none after a good poll']);
});

function sizes(maxConcurrency: number) {
  return { maxConcurrency, concurrencyPerPoller: 2 };
}
