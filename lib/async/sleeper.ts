import { delay, execute, race } from 'abort-controller-x';

/** A rest that can be cut short. */
export interface Sleeper {
  /** Resolves after `ms`, or when woken. Rejects with an AbortError when `signal` aborts. */
  sleep(signal: AbortSignal, ms: number): Promise<void>;
  /** Ends the rest under way; no effect where there is none. */
  wake(): void;
}

export function createSleeper(): Sleeper {
  let wake: () => void = () => undefined;
  return {
    sleep: (signal, ms) =>
      race(signal, (inner) => [
        delay(inner, Math.ceil(ms)),
        execute<void>(inner, (resolve) => {
          wake = resolve;
          return () => undefined;
        }),
      ]),
    wake: () => wake(),
  };
}
