import { now } from './clock.js';

/**
 * A delay for many calls that is right on average. Node's timers count whole milliseconds and fire
 * late; what they were late so far is taken off the next ones.
 */
export function createExactDelay(): (ms: number, fn: () => void) => void {
  let lateness = 0;
  return (ms, fn) => {
    const due = now() + ms;
    const correction = Math.min(ms, Math.max(0, Math.round(lateness)));
    lateness -= correction;
    setTimeout(() => {
      lateness += now() - (due - correction);
      fn();
    }, ms - correction);
  };
}
