import type { Clock } from '../../../lib/async/clock.js';
import { createQueue } from './queue.js';
import type { Random } from './random.js';
import type { Universe } from './universe.js';

/** A timer as `setTimeout` returns it. */
export interface MachineTimer {
  then: (() => void) | undefined;
  ref(): MachineTimer;
  unref(): MachineTimer;
  hasRef(): boolean;
  refresh(): MachineTimer;
  [Symbol.toPrimitive](): number;
}

interface Arrival {
  then: () => void;
  at: number;
}

/** Data that has reached the machine. */
export interface Incoming {
  /** When it arrived, while the process has not read it; undefined once it has, or before. */
  waitingSince(): number | undefined;
}

/**
 * One process on a machine of its own, with Node's event loop. A turn reads what has arrived, then
 * runs what setImmediate has left, then the timers that are due. A callback takes no time unless it
 * blocks. What becomes due or arrives meanwhile waits, and the timers come before the data.
 */
export interface Machine {
  readonly name: string;
  readonly random: Random;
  /** The clock of a source in this process. */
  readonly clock: Clock;
  /** The universe's time, as far as this process has got. */
  now(): number;
  monotonic(): number;
  wall(): number;
  setTimeout(then: () => void, ms: number): MachineTimer;
  clearTimeout(timer: MachineTimer | undefined): void;
  setImmediate(then: () => void): MachineTimer;
  /** Data arrives at a time that has not passed; `then` runs when the process reads it. */
  arrive(at: number, then: () => void): Incoming;
  /** Runs `then` in this process as soon as it can. */
  run(then: () => void): void;
  /** Passes time inside the callback that runs. */
  block(ms: number): void;
  /** SIGSTOP: nothing runs, and all clocks go on. */
  freeze(): void;
  /** Ends a freeze. `suspendedMs` of it, the machine slept: the monotonic clock stood still. */
  thaw(suspendedMs?: number): void;
  setWallClock(byMs: number): void;
  /** The end: nothing runs any more. */
  kill(): void;
  readonly alive: boolean;
  readonly frozen: boolean;
  /** In which phase of the loop the callback that runs was called. */
  phase(): 'poll' | 'check' | 'timers';
  /** Timers and immediates that are still to come. */
  pending(): number;
}

/** Which process's code runs at this moment: at most one does. */
let running: Machine | undefined;

export function currentMachine(): Machine | undefined {
  return running;
}

/** Monday, 1 January 2024: any moment will do, as long as it is the same in every run. */
const EPOCH = Date.UTC(2024, 0, 1);

export function createMachine(universe: Universe, name: string, random: Random): Machine {
  const timers = createQueue<MachineTimer>();
  const arrivals: Arrival[] = [];
  let immediates: MachineTimer[] = [];
  let batch: (() => void)[] = [];
  let phase: 'poll' | 'check' | 'timers' = 'poll';
  /** As far as this process has got: ahead of the universe after it has blocked. */
  let cursor = 0;
  let stoodStill = 0;
  let wallOffset = 0;
  let alive = true;
  let frozen = false;
  let stepAt = Infinity;
  let idle = true;

  const now = () => Math.max(cursor, universe.now());
  const monotonic = () => now() - stoodStill;

  /** Has the loop go on at `at`, unless it does so earlier. */
  function wake(at: number): void {
    if (!alive || frozen || at >= stepAt || at === Infinity) return;
    stepAt = at;
    universe.at(at, () => {
      if (stepAt !== at) return;
      stepAt = Infinity;
      if (alive && !frozen) step();
    });
  }

  function wakeForWork(): void {
    const waiting = batch.length + arrivals.length + immediates.length > 0;
    wake(waiting ? now() : Math.max(now(), timers.next() + stoodStill));
  }

  /** One callback, and all promises that it settles. */
  function step(): void {
    const then = nextCallback();
    if (then !== undefined) {
      call(machine, then);
      universe.settle(leave);
    } else {
      idle = true;
      wakeForWork();
    }
  }

  function leave(): void {
    running = undefined;
    wakeForWork();
  }

  function nextCallback(): (() => void) | undefined {
    if (idle) {
      // It waited for data or for the next timer: what has arrived comes first.
      idle = false;
      phase = 'poll';
      batch = arrivals.splice(0).map(({ then }) => then);
    }
    // A whole turn from wherever the loop stands.
    for (let phases = 0; phases <= 3; phases += 1) {
      const then = batch.shift();
      if (then !== undefined) return then;
      if (phase === 'timers') {
        const timer = dueTimer();
        if (timer !== undefined) return timer;
      }
      enterNextPhase();
    }
    return undefined;
  }

  function enterNextPhase(): void {
    if (phase === 'poll') {
      phase = 'check';
      batch = immediates.map((immediate) => () => fire(immediate));
      immediates = [];
    } else if (phase === 'check') {
      phase = 'timers';
    } else {
      phase = 'poll';
      batch = arrivals.splice(0).map(({ then }) => then);
    }
  }

  function dueTimer(): (() => void) | undefined {
    while (timers.next() <= monotonic()) {
      const timer = timers.take();
      if (timer?.then !== undefined) return () => fire(timer);
    }
    return undefined;
  }

  function fire(timer: MachineTimer): void {
    const { then } = timer;
    timer.then = undefined;
    then?.();
  }

  function createTimer(then: () => void): MachineTimer {
    const timer: MachineTimer = {
      then,
      ref: () => timer,
      unref: () => timer,
      hasRef: () => true,
      refresh: () => timer,
      [Symbol.toPrimitive]: () => 0,
    };
    return timer;
  }

  const machine: Machine = {
    name,
    random,
    clock: {
      monotonic,
      wall: () => Math.floor(machine.wall()),
      random: () => random.next(),
      setTimer(ms, then) {
        const timer = machine.setTimeout(then, ms);
        return () => void (timer.then = undefined);
      },
      afterReading(then) {
        const immediate = machine.setImmediate(then);
        return () => void (immediate.then = undefined);
      },
    },
    now,
    monotonic,
    wall: () => EPOCH + now() + wallOffset,
    setTimeout(then, ms) {
      const timer = createTimer(then);
      // Node counts whole milliseconds.
      timers.add(Math.floor(monotonic()) + Math.max(1, Math.trunc(ms) || 1), timer);
      if (running !== machine) wakeForWork();
      return timer;
    },
    clearTimeout(timer) {
      if (timer !== undefined) timer.then = undefined;
    },
    setImmediate(then) {
      const immediate = createTimer(then);
      immediates.push(immediate);
      if (running !== machine) wakeForWork();
      return immediate;
    },
    arrive(at, then) {
      let waiting: number | undefined;
      universe.at(at, () => {
        if (!alive) return;
        waiting = universe.now();
        arrivals.push({
          at: waiting,
          then() {
            waiting = undefined;
            then();
          },
        });
        if (running !== machine) wakeForWork();
      });
      return { waitingSince: () => waiting };
    },
    run(then) {
      machine.arrive(universe.now(), then);
    },
    block(ms) {
      cursor = now() + ms;
    },
    freeze() {
      frozen = true;
      stepAt = Infinity;
    },
    thaw(suspendedMs = 0) {
      stoodStill += suspendedMs;
      // A callback that blocks takes so much longer: else its timers would be due that much later.
      if (cursor > universe.now()) cursor += suspendedMs;
      frozen = false;
      // epoll_wait ends early, and libuv then runs what is due before it looks for data.
      if (idle) phase = 'timers';
      idle = false;
      wakeForWork();
    },
    setWallClock: (byMs) => void (wallOffset += byMs),
    kill() {
      alive = false;
      stepAt = Infinity;
    },
    get alive() {
      return alive;
    },
    get frozen() {
      return frozen;
    },
    phase: () => phase,
    pending: () =>
      immediates.filter(({ then }) => then !== undefined).length +
      timers.items().filter(({ then }) => then !== undefined).length,
  };
  return machine;
}

/** Calls `then` as code of this machine's process; that also goes for the promises that it settles. */
function call(machine: Machine, then: () => void): void {
  running = machine;
  then();
}
