import { describe, expect, it } from 'vitest';
import { tryRound } from '../../../lib/leases/lease-round.js';
import type { RoundOptions } from '../../../lib/leases/lease-round.js';
import type { Outcome } from '../../../lib/leases/try-acquire.js';
import { systemClock } from '../../../lib/async/clock.js';

const failed: Outcome = { kind: 'failed', error: new Error('down') };
const refused = (claimableAt: number): Outcome => ({ kind: 'refused', claimableAt });

/** A round over ten free leases: which it tries, and what it says. */
async function round(outcomeOf: (index: number) => Outcome, options: Partial<RoundOptions> = {}) {
  const tried: number[] = [];
  const result = await tryRound(new AbortController().signal, {
    ttlMs: 30_000,
    clock: systemClock,
    free: () => Array.from({ length: 10 }, (_, index) => index),
    total: () => 10,
    held: () => ({ count: 0, most: 10 }),
    isForOthers: () => false,
    tryOne: async (index) => {
      tried.push(index);
      return outcomeOf(index);
    },
    lookAround: async () => undefined,
    ...options,
  });
  return { ...result, tried };
}

describe('tryRound', () => {
  it('L3: tries every free lease once, and knows when the first can be claimed', async () => {
    const { tried, failed, claimableAt } = await round((index) => refused(100 + index));
    expect(tried.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect({ failed, claimableAt }).toEqual({ failed: false, claimableAt: 100 });
  });

  it('L6: ends after two failures in a row', async () => {
    expect(await round(() => failed)).toMatchObject({ failed: true, claimableAt: Infinity });
    expect((await round(() => failed)).tried).toHaveLength(2);
  });

  it('L6: one lease that fails, between others that do not, ends nothing', async () => {
    const { tried, failed: hasFailed } = await round((index) =>
      index % 2 === 0 ? failed : refused(0),
    );
    expect(tried.length).toBeGreaterThan(2);
    expect(hasFailed).toBe(tried.slice(-1).every((index) => index % 2 === 0));
  });

  it('L10: leaves to others what is for others', async () => {
    const { tried } = await round(() => refused(0), { isForOthers: (index) => index !== 3 });
    expect(tried).toEqual([3]);
  });

  it('tries nothing once enough is held', async () => {
    const { tried } = await round(() => refused(0), { held: () => ({ count: 4, most: 4 }) });
    expect(tried).toEqual([]);
  });
});
