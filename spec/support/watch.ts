import { getEventListeners } from 'node:events';

/** Whether a promise has settled yet, and how. */
export function watch(promise: Promise<unknown>): { settled?: unknown } {
  const watched: { settled?: unknown } = {};
  promise.then(
    (value) => (watched.settled = ['resolved', value]),
    (error: unknown) => (watched.settled = ['rejected', error]),
  );
  return watched;
}

/** How many listen for a signal's abort. */
export const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;
