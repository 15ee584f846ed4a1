/**
 * Faults to be planted into lib: each a text that stands in a file once, and what takes its place.
 * All are mistakes that somebody could make. The table in docs/testing-strategy.md tells what finds
 * each of them.
 */
export const faults = [
  {
    name: 'timer-beats-data',
    what: 'A deadline acts at once, however late it fires',
    file: 'async/timer.ts',
    find: 'if (firedAt - dueAt > LATE_MS) read(',
    replace: 'if (firedAt - dueAt > Infinity) read(',
  },
];
