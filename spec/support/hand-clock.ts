import type { Clock } from '../../lib/async/clock.js';
import { systemClock } from '../../lib/async/clock.js';

/** A clock that goes as far as a spec lets it. */
export interface HandClock extends Clock {
  pass(ms: number): void;
}

export function createHandClock(): HandClock {
  let at = 1_000_000;
  return {
    ...systemClock,
    monotonic: () => at,
    pass: (ms) => void (at += ms),
  };
}
