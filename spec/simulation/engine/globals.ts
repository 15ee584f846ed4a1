import type { Machine, MachineTimer } from './machine.js';
import { currentMachine } from './machine.js';

/**
 * Puts the clock, the timers and the randomness of the running process in place of Node's own: what
 * the library reads itself, and what its dependencies read. Returns what puts Node's back.
 */
export function installGlobals(): () => void {
  const undo: (() => void)[] = [];

  function replace(owner: object, name: string, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
    undo.push(() => {
      if (before === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, before);
    });
  }

  type Call = (...values: unknown[]) => void;
  const { setTimeout, clearTimeout, setImmediate, clearImmediate } = globalThis;
  const realDateNow = Date.now.bind(Date);
  const realRandom = Math.random.bind(Math);
  const realNow = performance.now.bind(performance);

  replace(globalThis, 'setTimeout', (then: Call, ms = 0, ...values: unknown[]) => {
    const machine = currentMachine();
    return machine === undefined
      ? setTimeout(then, ms, ...values)
      : machine.setTimeout(() => then(...values), ms);
  });
  replace(globalThis, 'clearTimeout', (timer: NodeJS.Timeout | MachineTimer | undefined) =>
    isOurs(timer) ? void (timer.then = undefined) : clearTimeout(timer),
  );
  replace(globalThis, 'setImmediate', (then: Call, ...values: unknown[]) => {
    const machine = currentMachine();
    return machine === undefined
      ? setImmediate(then, ...values)
      : machine.setImmediate(() => then(...values));
  });
  replace(globalThis, 'clearImmediate', (timer: NodeJS.Immediate | MachineTimer | undefined) =>
    isOurs(timer) ? void (timer.then = undefined) : clearImmediate(timer),
  );
  replace(performance, 'now', () => read((machine) => machine.monotonic(), realNow));
  replace(Date, 'now', () => read((machine) => Math.floor(machine.wall()), realDateNow));
  replace(Math, 'random', () => read((machine) => machine.random.next(), realRandom));

  return () => {
    for (const putBack of undo.reverse()) putBack();
  };
}

function read(ofMachine: (machine: Machine) => number, real: () => number): number {
  const machine = currentMachine();
  return machine === undefined ? real() : ofMachine(machine);
}

function isOurs(timer: unknown): timer is MachineTimer {
  return typeof timer === 'object' && timer !== null && 'then' in timer;
}
