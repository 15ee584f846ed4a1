const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/**
 * How long a poller rests after its `failures`-th failed poll in a row: doubling from 1 s to 30 s,
 * of which the upper half is at random, so that pollers which failed together do not come back
 * together. `random` is a number from 0 to 1, as of Math.random.
 */
export function backOffMs(failures: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
  return Math.max(FIRST_MS, Math.round((ceiling * (1 + random)) / 2));
}

/**
 * The back-off of one poller, which may have many polls open at a time. A trouble that meets them
 * all is one failure, not many: each poll remembers the era in which it was sent, and only a poll
 * of the present era has something new to tell.
 */
export interface BackOff {
  epoch(): number;
  /** A poll came back well: the next failure is the first again. */
  succeeded(sentIn: number): void;
  /** A poll failed. `isNew` tells whether the poller has to rest for it, or is resting already. */
  failed(sentIn: number): { delayMs: number; isNew: boolean };
}

export function createBackOff(): BackOff {
  let era = 0;
  let failures = 0;
  let delayMs = 0;
  return {
    epoch: () => era,
    succeeded(sentIn) {
      if (sentIn === era) failures = 0;
    },
    failed(sentIn) {
      const isNew = sentIn === era;
      if (isNew) {
        era += 1;
        failures += 1;
        delayMs = backOffMs(failures, Math.random());
      }
      return { delayMs, isNew };
    },
  };
}
