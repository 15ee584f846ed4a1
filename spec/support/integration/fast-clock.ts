import type { Clock } from '../../../lib/async/clock.js';
import { systemClock } from '../../../lib/async/clock.js';

/** The system's clock, so many times as fast: limits are soon due, sockets and the loop are real. */
export function fastClock(times: number): Clock {
  return {
    ...systemClock,
    monotonic: () => systemClock.monotonic() * times,
    wall: () => systemClock.wall() * times,
    setTimer: (ms, then, unref) => systemClock.setTimer(ms / times, then, unref),
  };
}
