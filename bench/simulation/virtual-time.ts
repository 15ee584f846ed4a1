/** A clock that stands still until it is told to go on, in place of the process's own. */
export interface VirtualTime {
  /** Milliseconds since the start of the simulation. */
  now(): number;
  /** Lets so many milliseconds pass: every timer that falls due fires, in order, at its own moment. */
  pass(ms: number): Promise<void>;
  /** Lets time pass until `condition` holds, looking every `everyMs`. Resolves to how long it took. */
  passUntil(condition: () => boolean, everyMs: number, mostMs: number): Promise<number>;
  /** Drops every timer: whatever waits for one waits for ever, and costs nothing more. */
  freeze(): void;
}

interface Timer {
  at: number;
  /** Among timers of one moment, the one that was set first fires first. */
  order: number;
  fire: (() => void) | undefined;
}

/** Monday, 1 January 2024: any moment will do, as long as it is the same in every run. */
const EPOCH = Date.UTC(2024, 0, 1);

/**
 * Replaces the timers and both clocks of this process for good. What runs in it then takes no time,
 * and what waits takes none either: an hour of a cluster passes in what its work costs.
 */
export function installVirtualTime(): VirtualTime {
  const turn = setImmediate;
  const timers = createHeap();
  let now = 0;
  let order = 0;

  const setVirtualTimeout = (fn: () => void, ms = 0): Timer => {
    const timer: Timer = { at: now + Math.max(1, Math.trunc(ms)), order: (order += 1), fire: fn };
    timers.push(timer);
    return timer;
  };
  const clearVirtualTimeout = (timer: Timer | undefined): void => {
    if (timer !== undefined) timer.fire = undefined;
  };
  replace(globalThis, 'setTimeout', setVirtualTimeout);
  replace(globalThis, 'clearTimeout', clearVirtualTimeout);
  replace(performance, 'now', () => now);
  replace(Date, 'now', () => EPOCH + now);

  async function pass(ms: number): Promise<void> {
    const end = now + ms;
    for (let next = timers.pop(end); next !== undefined; next = timers.pop(end)) {
      if (next.fire === undefined) continue;
      now = next.at;
      next.fire();
      // A real turn of the event loop: all that the timer has set off happens now.
      await new Promise((resolve) => turn(resolve));
    }
    now = end;
  }

  return {
    now: () => now,
    pass,
    async passUntil(condition, everyMs, mostMs) {
      const startedAt = now;
      while (!condition() && now - startedAt < mostMs) await pass(everyMs);
      return now - startedAt;
    },
    freeze: () => timers.clear(),
  };
}

/** A generator of numbers from 0 to 1, in place of Math.random: the same seed, the same run. */
export function installSeededRandom(seed: number): void {
  let state = seed >>> 0;
  replace(Math, 'random', () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  });
}

function replace(owner: object, name: string, value: unknown): void {
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
}

interface Heap {
  push(timer: Timer): void;
  /** Takes the first timer out, if it falls due by `end`. */
  pop(end: number): Timer | undefined;
  clear(): void;
}

/** A binary heap: there are tens of thousands of timers at a time, most of them canceled soon. */
function createHeap(): Heap {
  let items: Timer[] = [];

  const isBefore = (a: Timer, b: Timer) => a.at < b.at || (a.at === b.at && a.order < b.order);

  return {
    push(timer) {
      let at = items.length;
      for (;;) {
        const above = (at - 1) >> 1;
        const parent = items[above];
        if (at === 0 || parent === undefined || isBefore(parent, timer)) break;
        items[at] = parent;
        at = above;
      }
      items[at] = timer;
    },
    pop(end) {
      const [first] = items;
      if (first === undefined || first.at > end) return undefined;
      const last = items.pop();
      if (last === undefined || items.length === 0) return first;
      let at = 0;
      for (;;) {
        const left = items[2 * at + 1];
        const right = items[2 * at + 2];
        if (left === undefined) break;
        const [child, below] =
          right !== undefined && isBefore(right, left) ? [right, 2 * at + 2] : [left, 2 * at + 1];
        if (isBefore(last, child)) break;
        items[at] = child;
        at = below;
      }
      items[at] = last;
      return first;
    },
    clear() {
      items = [];
    },
  };
}
