import { vi } from 'vitest';

/** Waits for what happens on the other side of a socket, however loaded the machine is. */
export const until = (assertion: () => unknown): Promise<unknown> =>
  vi.waitFor(assertion, { timeout: 40_000, interval: 5 });
