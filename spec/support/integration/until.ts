import { vi } from 'vitest';

/** Waits for what happens on the other side of a socket, however loaded the machine is. */
export const until = <T>(assertion: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(assertion, { timeout: 40_000, interval: 5 });
