/** A line that repeats is written again after this long, then after twice as long, and so on. */
const FIRST_MS = 10_000;
const LONGEST_MS = 600_000;
/**
 * How many kinds of lines are kept apart. Names of errors are the component's own, and may be
 * endless.
 */
const MOST_KINDS = 100;

interface Series {
  /** How often it has happened since the last line. */
  unsaid: number;
  saidAt: number;
  delayMs: number;
}

/**
 * Decides which of many similar lines are written: the first, then one after 10 s, 20 s, 40 s, up
 * to one in ten minutes. A kind begins again when it was quiet for as long as its last pause.
 *
 * Returns how often it has happened since the last line, this time included. Undefined means that
 * this line is left out. `now` is a time of a monotonic clock, in milliseconds.
 */
export function createFallingRate(): (kind: string, now: number) => number | undefined {
  const kinds = new Map<string, Series>();

  function begin(kind: string, now: number): number {
    kinds.delete(kind);
    kinds.set(kind, { unsaid: 0, saidAt: now, delayMs: FIRST_MS });
    const [oldest] = kinds.keys();
    if (kinds.size > MOST_KINDS && oldest !== undefined) kinds.delete(oldest);
    return 1;
  }

  return (kind, now) => {
    const series = kinds.get(kind);
    if (series === undefined) return begin(kind, now);
    const quietMs = now - series.saidAt;
    if (quietMs < series.delayMs) {
      series.unsaid += 1;
      return undefined;
    }
    if (series.unsaid === 0 && quietMs >= 2 * series.delayMs) return begin(kind, now);
    const standsFor = series.unsaid + 1;
    series.unsaid = 0;
    series.saidAt = now;
    series.delayMs = Math.min(LONGEST_MS, 2 * series.delayMs);
    return standsFor;
  };
}
