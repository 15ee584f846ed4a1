import type { Clock } from './clock.js';
import { startTimer } from './timer.js';

/** One timer that can be set again. */
export interface Alarm {
  /** Calls back after `ms`. An earlier setting is dropped. */
  set(ms: number): void;
  /** Ends the timer. Nothing is called back any longer. */
  cancel(): void;
}

export function createAlarm(clock: Clock, callBack: () => void): Alarm {
  let cancel = (): void => undefined;
  return {
    set(ms) {
      cancel();
      cancel = startTimer(Math.ceil(ms), callBack, clock);
    },
    cancel: () => cancel(),
  };
}
