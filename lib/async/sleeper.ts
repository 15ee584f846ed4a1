import { execute, race } from 'abort-controller-x';
import type { Clock } from './clock.js';
import { sleep } from './timer.js';

/** A sleep that can be cut short. */
export interface Sleeper {
  /** Resolves after `ms`, or when woken. Rejects with an AbortError when `signal` aborts. */
  sleep(signal: AbortSignal, ms: number): Promise<void>;
  /** Ends the sleep under way. Without one, it has no effect. */
  wake(): void;
}

export function createSleeper(clock: Clock): Sleeper {
  let wake: () => void = () => undefined;
  return {
    sleep: (signal, ms) =>
      race(signal, (inner) => [
        sleep(inner, Math.ceil(ms), clock),
        execute<void>(inner, (resolve) => {
          wake = resolve;
          return () => undefined;
        }),
      ]),
    wake: () => wake(),
  };
}
