import { run } from 'abort-controller-x';
import { longDelay } from '../bounded.js';

/**
 * Calls `fn` once, in `ms` milliseconds (fractions are rounded up, Infinity means never). Returns a
 * function that cancels it. A timer that was cancelled or has fired holds nothing.
 *
 * Under fake timers several may fire before any `fn` runs, so `fn` must bear being late: one that
 * was cancelled in between is not called any more.
 */
export function after(ms: number, fn: () => void): () => void {
  if (ms === Infinity) return () => undefined;
  let cancelled = false;
  const stop = run(async (signal) => {
    await longDelay(signal, Math.ceil(ms));
    if (!cancelled) fn();
  });
  return () => {
    cancelled = true;
    void stop();
  };
}
