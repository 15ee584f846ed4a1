import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  callLimitMs,
  forgetMs,
  leastPauseMs,
  membershipMs,
  nextRoundMs,
  pauseMs,
  renewalMs,
  retryMs,
  triesAtATime,
  validityMs,
} from '../../../lib/leases/lease-timing.js';

const ttlMs = 30_000;

describe('lease times', () => {
  it.each<[string, number, number]>([
    ['L2: a lease is valid for nine tenths', validityMs(ttlMs), 27_000],
    ['L6: a call to the store takes a sixth at most', callLimitMs(ttlMs), 5_000],
    ['L2: a renewal that failed is sent again after a twelfth', retryMs(ttlMs), 2_500],
    ['L3: rounds are a sixtieth apart at least', leastPauseMs(ttlMs), 500],
    ['L10: what others said counts for a half', forgetMs(ttlMs), 15_000],
    ['L2: renewals are a third apart at most', renewalMs(ttlMs, 0), 10_000],
    ['L2: and a tenth less at random', renewalMs(ttlMs, 1), 9_000],
    ['L10: settled members look as often as they renew', membershipMs(ttlMs, true, 0.5), 9_500],
    ['L10: others every twelfth', membershipMs(ttlMs, false, 0), 2_500],
    ['L10: and a tenth less at random', membershipMs(ttlMs, false, 1), 2_250],
  ])('%s of the ttl', (_, ms, expected) => {
    expect(ms).toBeCloseTo(expected, 6);
  });
});

describe('lease pace', () => {
  it.each([
    { share: 0, failed: 0, random: 0, ms: 4_500 },
    { share: 0, failed: 0, random: 1, ms: 5_700 },
    { share: 0.5, failed: 0, random: 0, ms: 5_250 },
    { share: 1, failed: 0, random: 0, ms: 7_500 },
    { share: 0, failed: 1, random: 0, ms: 4_500 },
    { share: 0, failed: 2, random: 0, ms: 9_000 },
    { share: 0, failed: 10, random: 0, ms: 22_500 },
  ])(
    'L3, L6: a round after $ms ms, with $share of the leases, $failed failed rounds and $random of the jitter',
    ({ share, failed, random, ms }) => {
      expect(nextRoundMs(ttlMs, share, failed, random)).toBeCloseTo(ms, 6);
    },
  );

  it.each([
    { held: 1, most: 2, ms: 4_000 },
    { held: 1, most: 10, ms: (4_000 * 11) / 135 },
    { held: 9, most: 10, ms: (4_000 * 19) / 135 },
    { held: 10, most: 10, ms: 0 },
    { held: 3, most: 2, ms: 0 },
    { held: 1, most: 1, ms: 0 },
  ])('L3: a pause of $ms ms after the $held. of $most leases', ({ held, most, ms }) => {
    expect(pauseMs(ttlMs, held, most)).toBeCloseTo(ms, 6);
  });

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
