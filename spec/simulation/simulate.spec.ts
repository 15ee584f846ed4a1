import { describe, expect, it } from 'vitest';
import { createRandom } from './engine/random.js';
import { createMachine } from './engine/machine.js';
import { createUniverse } from './engine/universe.js';
import { planOf } from './plan.js';
import { simulate } from './simulate.js';

function createProcess() {
  const universe = createUniverse();
  const machine = createMachine(universe, 'm', createRandom('m'));
  const seen: string[] = [];
  const note = (what: string) => () => void seen.push(`${machine.now()} ${what}`);
  return { universe, machine, seen, note };
}

describe('simulate', () => {
  it.each([false, true])('does the same again, with own clients: %s', async (ownClients) => {
    const plan = { ...planOf(7), ownClients };
    const first = await simulate(plan);
    const second = await simulate(plan, true);
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(second.timeline.length).toBeGreaterThan(50);
  });

  it('puts the clocks, timers and randomness of Node back', async () => {
    const before = [setTimeout, clearTimeout, setImmediate, Date.now, Math.random];
    const { now } = performance;
    await simulate(planOf(1));
    expect([setTimeout, clearTimeout, setImmediate, Date.now, Math.random]).toEqual(before);
    expect(performance.now).toBe(now);
  });
});

describe('a simulated process', () => {
  it('runs what has arrived, then immediates, then timers', async () => {
    const { universe, machine, seen, note } = createProcess();
    machine.arrive(10, () => {
      note('reads')();
      machine.setTimeout(note('timer'), 1);
      machine.setImmediate(note('immediate'));
      machine.block(5);
    });
    machine.arrive(12, note('reads more'));
    await universe.run(100);
    expect(seen).toEqual(['10 reads', '15 immediate', '15 timer', '15 reads more']);
  });

  it('runs a due timer before data that arrived while it was blocked or stopped', async () => {
    const { universe, machine, seen, note } = createProcess();
    machine.run(() => void machine.setTimeout(note('timer'), 50));
    universe.at(20, () => machine.freeze());
    machine.arrive(30, note('reads'));
    universe.at(90, () => machine.thaw());
    await universe.run(100);
    expect(seen).toEqual(['90 timer', '90 reads']);
  });

  it('has a monotonic clock that stands still while the machine is suspended', async () => {
    const { universe, machine, seen, note } = createProcess();
    machine.run(() => void machine.setTimeout(note('timer'), 50));
    universe.at(20, () => machine.freeze());
    universe.at(90, () => machine.thaw(70));
    await universe.run(200);
    expect(seen).toEqual(['120 timer']);
  });

  it('blocks for longer if the machine is suspended meanwhile', async () => {
    const { universe, machine, seen, note } = createProcess();
    machine.run(() => {
      machine.block(100);
      machine.setTimeout(note('timer'), 50);
    });
    universe.at(20, () => machine.freeze());
    universe.at(60, () => machine.thaw(40));
    machine.arrive(120, note('reads'));
    await universe.run(300);
    expect(seen).toEqual(['140 reads', '190 timer']);
  });

  it('does nothing more once it is killed', async () => {
    const { universe, machine, seen, note } = createProcess();
    machine.run(() => void machine.setTimeout(note('timer'), 50));
    machine.arrive(30, note('reads'));
    universe.at(20, () => machine.kill());
    await universe.run(100);
    expect(seen).toEqual([]);
  });
});
