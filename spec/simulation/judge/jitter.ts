import type { Timeline } from './violation.js';

/** Waits that are equal so often in a row were not at random. */
const EQUAL_WAITS = 4;

/** Who fails together must not come back together: waits are at random. */
export function createJitterJudge(line: Timeline) {
  /** By kind of wait: its latest length, and how often in a row it was that. */
  const latest = new Map<string, { ms: number; times: number }>();

  return {
    /** Something waits so long. `kind`: waits of one kind are equal by chance only. */
    waited(who: string, kind: string, ms: number): void {
      const before = latest.get(kind);
      const times = before?.ms === ms ? before.times + 1 : 1;
      latest.set(kind, { ms, times });
      if (times < EQUAL_WAITS) return;
      line.broken('jitter', `${who}: ${times} ${kind} in a row waited ${ms} ms`);
    },
  };
}

export type JitterJudge = ReturnType<typeof createJitterJudge>;
