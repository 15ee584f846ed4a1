import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backOffMs, createBackOff } from '../../../lib/polling/back-off.js';

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

describe('createBackOff', () => {
  it('P1: takes one trouble that meets many open polls as one failure', () => {
    const backOff = createBackOff();
    const era = backOff.epoch();
    const answers = Array.from({ length: 100 }, () => backOff.failed(era));
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(answers.map(({ delayMs }) => delayMs)).size).toBe(1);
    expect(backOff.failed(backOff.epoch()).delayMs).toBeLessThanOrEqual(4_000);
  });

  it('P1: is back to the first step after a good poll, but not after one from before the trouble', () => {
    const backOff = createBackOff();
    const old = backOff.epoch();
    for (let i = 0; i < 10; i++) backOff.failed(backOff.epoch());
    backOff.succeeded(old);
    expect(backOff.failed(backOff.epoch()).delayMs).toBeGreaterThanOrEqual(15_000);
    backOff.succeeded(backOff.epoch());
    expect(backOff.failed(backOff.epoch()).delayMs).toBeLessThanOrEqual(2_000);
  });
});
