import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextRoundMs, pauseMs, triesAtATime } from '../../../lib/leases/lease-timing.js';

const ttlMs = 30_000;

describe('lease pace', () => {
  it('L3, L4: a round and every pause that it may still take stay within a third of the ttl', () => {
    const pool = fc
      .integer({ min: 1, max: 1_000 })
      .chain((most) => fc.record({ most: fc.constant(most), held: fc.nat(most) }));
    fc.assert(
      fc.property(pool, ({ most, held }) => {
        let pauses = 0;
        for (let granted = held + 1; granted <= most; granted++) {
          pauses += pauseMs(ttlMs, granted, most);
        }
        const whole = nextRoundMs(ttlMs, held / most, 0, Math.random()) + pauses;
        expect(whole).toBeLessThanOrEqual(ttlMs / 3);
      }),
    );
  });

  it('L3: the more is held, the longer the pause and the wait', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((held) => pauseMs(ttlMs, held, 10));
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
    expect(new Set(pauses).size).toBe(9);
    // A fifth of jitter can not turn it round between nothing and everything.
    expect(nextRoundMs(ttlMs, 0, 0, 1)).toBeLessThan(nextRoundMs(ttlMs, 1, 0, 0));
  });

  it('L3: jitters by a fifth', () => {
    const rounds = Array.from({ length: 1_000 }, () => nextRoundMs(ttlMs, 1, 0, Math.random()));
    expect(Math.min(...rounds)).toBeGreaterThanOrEqual(7_500);
    expect(Math.max(...rounds)).toBeLessThanOrEqual(9_500);
    expect(Math.max(...rounds) - Math.min(...rounds)).toBeGreaterThan(1_500);
  });

  it('L6: backs off from a store that is down, up to the ttl', () => {
    for (let failures = 1; failures < 2_000; failures++) {
      const wait = nextRoundMs(ttlMs, 0, failures, Math.random());
      expect(wait).toBeGreaterThanOrEqual(Math.min(4_500 * 2 ** (failures - 1), 22_500));
      expect(wait).toBeLessThanOrEqual(ttlMs);
    }
  });

  it('L3: few leases are tried one by one, 1,000 in batches', () => {
    expect([1, 2, 64, 65, 1_000].map(triesAtATime)).toEqual([1, 1, 1, 2, 16]);
  });
});
