import type { Machine } from './machine.js';
import { currentMachine } from './machine.js';
import { replace } from './replace.js';

/** Counts the listeners of every signal, while it is installed. */
export interface ListenerCount {
  /** The most listeners that code of this machine has on one signal that has not aborted. */
  mostOf(machine: Machine): number;
  uninstall(): void;
}

/**
 * Watches all signals of this process. What listens to a signal that has aborted does no harm. Nor
 * does one listener on a signal that dies with it. Several on one signal, once the source of their
 * machine has stopped, were forgotten there.
 */
export function countListeners(): ListenerCount {
  /** By signal: each listener, with the machine that has added it. */
  const known = new Map<AbortSignal, Map<unknown, Machine | undefined>>();
  const { addEventListener, removeEventListener } = EventTarget.prototype;

  function add(this: AbortSignal, ...given: Parameters<typeof addEventListener>): void {
    const its = known.get(this) ?? new Map<unknown, Machine | undefined>();
    known.set(this, its.set(given[1], currentMachine()));
    addEventListener.apply(this, given);
  }
  function remove(this: AbortSignal, ...given: Parameters<typeof removeEventListener>): void {
    const its = known.get(this);
    its?.delete(given[1]);
    if (its?.size === 0) known.delete(this);
    removeEventListener.apply(this, given);
  }
  const undo = [
    replace(AbortSignal.prototype, 'addEventListener', add),
    replace(AbortSignal.prototype, 'removeEventListener', remove),
  ];

  return {
    mostOf(machine) {
      let most = 0;
      for (const [signal, its] of known) {
        if (signal.aborted) known.delete(signal);
        else most = Math.max(most, [...its.values()].filter((by) => by === machine).length);
      }
      return most;
    },
    uninstall() {
      for (const putBack of undo) putBack();
    },
  };
}
