import type { Machine, MachineTimer } from './machine.js';
import { currentMachine } from './machine.js';
import { replace } from './replace.js';

type Call = (...values: unknown[]) => void;

/**
 * Puts the clock, the timers and the randomness of the running process in place of Node's own. It is
 * for code that does not go through the source's clock, which is the SDK. With Node's own, no two
 * runs would be the same. `onUsed` hears of each use. Returns what puts Node's back.
 */
export function installGlobals(onUsed: (machine: Machine, what: string) => void): () => void {
  const { setTimeout, clearTimeout, setImmediate, clearImmediate } = globalThis;
  const realDateNow = Date.now.bind(Date);
  const realRandom = Math.random.bind(Math);
  const realNow = performance.now.bind(performance);

  function use<T>(what: string, ofMachine: (machine: Machine) => T, real: () => T): T {
    const machine = currentMachine();
    if (machine === undefined) return real();
    onUsed(machine, what);
    return ofMachine(machine);
  }

  const undo = [
    replace(globalThis, 'setTimeout', (then: Call, ms = 0, ...values: unknown[]) =>
      use<unknown>(
        'setTimeout',
        (machine) => machine.setTimeout(() => then(...values), ms),
        () => setTimeout(then, ms, ...values),
      ),
    ),
    replace(globalThis, 'clearTimeout', (timer: NodeJS.Timeout | MachineTimer | undefined) =>
      isOurs(timer) ? void (timer.then = undefined) : clearTimeout(timer),
    ),
    replace(globalThis, 'setImmediate', (then: Call, ...values: unknown[]) =>
      use<unknown>(
        'setImmediate',
        (machine) => machine.setImmediate(() => then(...values)),
        () => setImmediate(then, ...values),
      ),
    ),
    replace(globalThis, 'clearImmediate', (timer: NodeJS.Immediate | MachineTimer | undefined) =>
      isOurs(timer) ? void (timer.then = undefined) : clearImmediate(timer),
    ),
    replace(performance, 'now', () =>
      use('performance.now', (machine) => machine.monotonic(), realNow),
    ),
    replace(Date, 'now', () =>
      use('Date.now', (machine) => Math.floor(machine.wall()), realDateNow),
    ),
    replace(Math, 'random', () =>
      use('Math.random', (machine) => machine.random.next(), realRandom),
    ),
  ];
  return () => {
    for (const putBack of undo) putBack();
  };
}

function isOurs(timer: unknown): timer is MachineTimer {
  return typeof timer === 'object' && timer !== null && 'then' in timer;
}
