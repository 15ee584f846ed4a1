import { replace } from './replace.js';

/** Counts the listeners of every signal, while it is installed. */
export interface ListenerCount {
  /** The most listeners that one signal has that has not aborted. */
  most(): number;
  uninstall(): void;
}

/**
 * Watches all signals of this process. A listener that is forgotten on a signal that lives for long
 * shows by their growing number; what listens to a signal that has aborted, or that nobody has any
 * longer, harms nobody.
 */
export function countListeners(): ListenerCount {
  const counts = new Map<AbortSignal, Set<unknown>>();
  const { addEventListener, removeEventListener } = EventTarget.prototype;

  function add(this: AbortSignal, ...given: Parameters<typeof addEventListener>): void {
    const known = counts.get(this) ?? new Set();
    counts.set(this, known.add(given[1]));
    addEventListener.apply(this, given);
  }
  function remove(this: AbortSignal, ...given: Parameters<typeof removeEventListener>): void {
    const known = counts.get(this);
    known?.delete(given[1]);
    if (known?.size === 0) counts.delete(this);
    removeEventListener.apply(this, given);
  }
  const undo = [
    replace(AbortSignal.prototype, 'addEventListener', add),
    replace(AbortSignal.prototype, 'removeEventListener', remove),
  ];

  return {
    most() {
      let most = 0;
      for (const [signal, listeners] of counts) {
        if (signal.aborted) counts.delete(signal);
        else most = Math.max(most, listeners.size);
      }
      return most;
    },
    uninstall() {
      for (const putBack of undo) putBack();
    },
  };
}
