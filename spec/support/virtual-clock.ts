import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../lib/async/clock.js';
import { systemClock } from '../../lib/async/clock.js';

/** A clock whose time passes as fast as the machine can. */
export interface VirtualClock extends Clock {
  /** Lets so much time pass: fires what comes due, and all that follows from it. */
  pass(ms: number): Promise<void>;
  /** Timers that wait. */
  timers(): number;
}

/**
 * Hours of many timers. vi's fake timers wait for a real timer, of 1 ms at least, after each one that
 * they fire; on a busy machine that comes to minutes. An immediate is enough: all promises that can
 * go on have done so by then.
 */
export function createVirtualClock(): VirtualClock {
  const waiting = new Map<symbol, { dueAt: number; then(): void }>();
  let at = 1_000_000;

  function nextDue(): symbol | undefined {
    let next: symbol | undefined;
    let earliest = Infinity;
    for (const [id, { dueAt }] of waiting) {
      if (dueAt < earliest) [next, earliest] = [id, dueAt];
    }
    return next;
  }

  return {
    ...systemClock,
    monotonic: () => at,
    wall: () => at,
    setTimer(ms, then) {
      const id = Symbol();
      waiting.set(id, { dueAt: at + Math.max(0, ms), then });
      return () => void waiting.delete(id);
    },
    async pass(ms) {
      const until = at + ms;
      for (;;) {
        await turn();
        const id = nextDue();
        const timer = id === undefined ? undefined : waiting.get(id);
        if (id === undefined || timer === undefined || timer.dueAt > until) break;
        waiting.delete(id);
        at = timer.dueAt;
        timer.then();
      }
      at = until;
    },
    timers: () => waiting.size,
  };
}
