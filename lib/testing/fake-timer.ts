import { systemClock } from '../async/clock.js';
import { startTimer } from '../async/timer.js';

/**
 * Calls `fn` once, after `ms` milliseconds. Fractions are rounded up; Infinity means never. Returns a
 * function that cancels it.
 */
export function after(ms: number, fn: () => void): () => void {
  return ms === Infinity ? () => undefined : startTimer(Math.ceil(ms), fn, systemClock);
}
