import { abortable, execute } from 'abort-controller-x';
import { shareSignal } from '../async/shared-signal.js';
import type { Events, Listener } from '../observe/events.js';

/**
 * Starts, waits until `signal` aborts or the source is stopped otherwise, and stops. An abort before
 * the start has completed takes the start back. Rejects as `start` does.
 */
export async function runUntil<T>(
  followed: AbortSignal,
  events: Events,
  start: () => Promise<void>,
  stop: () => Promise<T>,
): Promise<T> {
  const { signal, release } = shareSignal(followed);
  try {
    if (!signal.aborted) {
      await abortable(signal, start());
      await untilStopping(signal, events);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    release();
  }
  return stop();
}

function untilStopping(signal: AbortSignal, events: Events): Promise<void> {
  return execute<void>(signal, (resolve) => {
    const listener: Listener<'stateChanged'> = ({ to }) => {
      if (to === 'running') return;
      events.off('stateChanged', listener);
      resolve();
    };
    events.on('stateChanged', listener);
    return () => events.off('stateChanged', listener);
  });
}
