import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../lib/async/clock.js';
import { systemClock } from '../../lib/async/clock.js';
import { createQueue } from '../simulation/engine/queue.js';

/** A clock whose time passes as fast as the machine can. */
export interface VirtualClock extends Clock {
  /** Lets so much time pass: fires what comes due, and all that follows from it. */
  pass(ms: number): Promise<void>;
  /** Timers that wait. */
  timers(): number;
}

/**
 * Hours of many timers. vi's fake timers wait for a real timer, of 1 ms at least, after each one that
 * they fire. On a busy machine that comes to minutes. An immediate is enough: all promises that can
 * go on have done so by then.
 */
export function createVirtualClock(): VirtualClock {
  const timers = createQueue<Timer>();
  let live = 0;
  let at = 1_000_000;

  return {
    ...systemClock,
    monotonic: () => at,
    wall: () => at,
    setTimer(ms, then) {
      const timer: Timer = { isLive: true, then };
      live += 1;
      timers.add(at + Math.max(0, ms), timer);
      return () => {
        if (timer.isLive) live -= 1;
        timer.isLive = false;
      };
    },
    async pass(ms) {
      const until = at + ms;
      await turn();
      while (timers.next() <= until) {
        const dueAt = timers.next();
        const timer = timers.take();
        if (!timer?.isLive) continue;
        timer.isLive = false;
        live -= 1;
        at = dueAt;
        timer.then();
        await turn();
      }
      at = until;
    },
    timers: () => live,
  };
}

interface Timer {
  isLive: boolean;
  then(): void;
}
