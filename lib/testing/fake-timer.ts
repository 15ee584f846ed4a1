import { startTimer } from '../async/timer.js';

/**
 * Calls `fn` once, in `ms` milliseconds (fractions are rounded up, Infinity means never). Returns a
 * function that cancels it. A timer that was cancelled or has fired holds nothing.
 */
export function after(ms: number, fn: () => void): () => void {
  return ms === Infinity ? () => undefined : startTimer(Math.ceil(ms), fn);
}
