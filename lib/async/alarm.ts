import type { Clock } from './clock.js';
import { startTimer } from './timer.js';

/** One timer that can be set anew. */
export interface Alarm {
  /** Calls back after `ms`. Takes the place of what was set before. */
  set(ms: number): void;
  /** Nothing is called back any longer, and no timer is left. */
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
