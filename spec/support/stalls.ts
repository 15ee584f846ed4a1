import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How busy the machine was, as this process saw it. */
export interface Stalls {
  /** The longest time so far that a timer was late. */
  longestMs(): number;
  stop(): void;
}

export function watchStalls(): Stalls {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  return {
    longestMs: () => Math.max(0, delay.max / 1e6 - 5),
    stop: () => void delay.disable(),
  };
}

/**
 * How much later than promised a thing may be that takes a chain of processes. That is their own
 * time, and the time for which a busy machine lets each of them wait.
 */
export function slackFor(ownMs: number, stalls: Stalls): number {
  return ownMs + 4 * stalls.longestMs();
}
