import { delay, execute, race } from 'abort-controller-x';

/** A rest that can be cut short. */
export interface Wakeable {
  /** Resolves after `ms`, or when woken. Rejects with an AbortError when `signal` aborts. */
  rest(signal: AbortSignal, ms: number): Promise<void>;
  /** Ends the rest under way; no effect where there is none. */
  wake(): void;
}

export function createWakeable(): Wakeable {
  let wake: () => void = () => undefined;
  return {
    rest: (signal, ms) =>
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
