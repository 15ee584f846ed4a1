import { createQueue } from './queue.js';

/** The real ones, taken before anything replaces them. */
const turn = globalThis.setImmediate;

/** The one time that all simulated machines share, in milliseconds. */
export interface Universe {
  now(): number;
  /** Calls `then` at a time that has not passed. */
  at(time: number, then: () => void): void;
  /** Calls what is due, in order, until `done` holds or `end` is reached. */
  run(end: number, done?: () => boolean): Promise<void>;
  /** To be called by whoever has called code that may have left promises to settle: `then` comes after these. */
  settle(then: () => void): void;
}

export function createUniverse(): Universe {
  const due = createQueue<() => void>();
  let now = 0;
  let afterwards: (() => void) | undefined;

  return {
    now: () => now,
    at: (time, then) => due.add(Math.max(time, now), then),
    async run(end, done = () => false) {
      while (due.next() <= end && !done()) {
        now = due.next();
        due.take()?.();
        if (afterwards === undefined) continue;
        // One turn of the real event loop: every promise that can settle, does.
        await new Promise((resolve) => turn(resolve));
        const then = afterwards;
        afterwards = undefined;
        then();
      }
      if (due.next() > end) now = Math.max(now, end);
    },
    settle: (then) => void (afterwards = then),
  };
}
