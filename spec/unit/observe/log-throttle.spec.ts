import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFallingRate } from '../../../lib/observe/log-throttle.js';

describe('createFallingRate', () => {
  it('says the first, then one after 10 s, 20 s, 40 s, up to one in ten minutes, with the count', () => {
    const rate = createFallingRate();
    const said: [second: number, count: number][] = [];
    for (let second = 0; second < 3_600; second += 1) {
      const count = rate('polls', second * 1_000);
      if (count !== undefined) said.push([second, count]);
    }
    expect(said).toEqual([
      [0, 1],
      [10, 10],
      [30, 20],
      [70, 40],
      [150, 80],
      [310, 160],
      [630, 320],
      [1_230, 600],
      [1_830, 600],
      [2_430, 600],
      [3_030, 600],
    ]);
  });

  it('keeps kinds apart', () => {
    const rate = createFallingRate();
    expect([rate('a', 0), rate('b', 1), rate('a', 2), rate('b', 3)]).toEqual([
      1,
      1,
      undefined,
      undefined,
    ]);
  });

  it('begins anew with a kind that was quiet for twice its pause', () => {
    const rate = createFallingRate();
    rate('a', 0);
    expect(rate('a', 20_000)).toBe(1);
    expect(rate('a', 29_999)).toBeUndefined();
    expect(rate('a', 30_000)).toBe(2);
  });

  it('forgets the oldest of very many kinds, and no other', () => {
    const rate = createFallingRate();
    for (let kind = 0; kind <= 100; kind += 1) rate(`kind ${kind}`, kind);
    expect(rate('kind 1', 200)).toBeUndefined();
    expect(rate('kind 100', 200)).toBeUndefined();
    expect(rate('kind 0', 200)).toBe(1);
  });

  it('loses count of nothing: what is said sums up to what has come, but for what is not said yet', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 200 }), (gaps) => {
        const rate = createFallingRate();
        let now = 0;
        let said = 0;
        let unsaid = 0;
        for (const gap of gaps) {
          now += gap;
          const count = rate('a', now);
          unsaid += 1;
          if (count !== undefined) {
            expect(count).toBe(unsaid);
            said += count;
            unsaid = 0;
          }
        }
        expect(said + unsaid).toBe(gaps.length);
      }),
    );
  });
});
