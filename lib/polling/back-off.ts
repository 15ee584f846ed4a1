const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/**
 * How long a poller waits after its `failures`-th failed poll in a row. The wait doubles from 1 s
 * to 30 s. Half of it is random, so that pollers that failed together do not come back together.
 * `random` is a number from 0 to 1.
 */
export function backOffMs(failures: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
  return Math.max(FIRST_MS, Math.round((ceiling * (1 + random)) / 2));
}
