import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backOffMs } from '../../../lib/polling/back-off.js';

describe('backOffMs', () => {
  it('P1: from 1 s to 30 s, doubling, the upper half at random', () => {
    expect([1, 2, 3, 4, 5, 6].map((n) => backOffMs(n, 0))).toEqual([
      1_000, 2_000, 4_000, 8_000, 15_000, 15_000,
    ]);
    expect([1, 2, 3, 4, 5, 6].map((n) => backOffMs(n, 1))).toEqual([
      2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
  });

  it('P1: always within its bounds, however long the trouble lasts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, random) => {
          expect(backOffMs(n, random)).toBeGreaterThanOrEqual(1_000);
          expect(backOffMs(n, random)).toBeLessThanOrEqual(30_000);
        },
      ),
    );
  });
});
