import { describe, expect, it } from 'vitest';
import { tryRound } from '../../../lib/leases/lease-round.js';
import type { RoundOptions } from '../../../lib/leases/lease-round.js';
import type { Outcome } from '../../../lib/leases/try-acquire.js';
import { systemClock } from '../../../lib/async/clock.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

const failed: Outcome = { kind: 'failed', error: new Error('down') };
const refused = (claimableAt: number): Outcome => ({ kind: 'refused', claimableAt });
const granted = { kind: 'granted' } as Outcome;
const returned: Outcome = { kind: 'returned' };

/** A round over ten free leases: which it tries, and what it says. */
async function round(outcomeOf: (index: number) => Outcome, options: Partial<RoundOptions> = {}) {
  const tried: number[] = [];
  const result = await tryRound(new AbortController().signal, {
    ttlMs: 30_000,
    clock: systemClock,
    free: () => Array.from({ length: 10 }, (_, index) => index),
    total: () => 10,
    held: () => ({ count: 0, most: 10 }),
    forUs: (free) => free,
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
    const inOrder = { ...systemClock, random: () => 0 };
    const fails = (index: number) => index % 2 === 0;
    const all = await round((index) => (fails(index) ? failed : refused(0)), { clock: inOrder });
    expect(all.tried).toHaveLength(10);
    expect(all.failed).toBe(false);
  });

  it('L10: leaves to others what is for others', async () => {
    const { tried } = await round(() => refused(0), {
      forUs: (free) => free.filter((index) => index === 3),
    });
    expect(tried).toEqual([3]);
  });

  it('tries nothing once enough is held', async () => {
    expect(await round(() => refused(0), { held: () => ({ count: 4, most: 4 }) })).toEqual({
      ...{ tried: [], failed: false, claimableAt: Infinity },
    });
    // More than it may hold: the cap was lowered.
    const { tried } = await round(() => refused(0), { held: () => ({ count: 5, most: 4 }) });
    expect(tried).toEqual([]);
  });

  it('L3: tries them in random order', async () => {
    const numbers = [0.9, 0.1, 0.5, 0.3];
    const clock = { ...systemClock, random: () => numbers.shift() ?? 0 };
    const { tried } = await round(() => returned, { clock, free: () => [0, 1, 2, 3] });
    expect(tried).toEqual([1, 3, 2, 0]);
  });

  it('L3: tries one alone, and then many at a time if there are many; after a failure one again', async () => {
    const sizes: number[] = [];
    let inFlight = 0;
    let attempts = 0;
    await round(() => refused(0), {
      total: () => 200,
      async tryOne() {
        inFlight += 1;
        await Promise.resolve();
        if (inFlight > 0) sizes.push(inFlight);
        inFlight = 0;
        attempts += 1;
        return attempts === 2 || attempts === 3 || attempts === 4 || attempts === 5
          ? failed
          : refused(0);
      },
    });
    expect(sizes).toEqual([1, 4, 1, 4]);
  });

  it('L8: ends with an AbortError between two tries', async () => {
    const controller = new AbortController();
    const tried: number[] = [];
    const options = {
      ...{ ttlMs: 30_000, clock: systemClock, free: () => [0, 1, 2], total: () => 3 },
      held: () => ({ count: 0, most: 3 }),
      forUs: (free: number[]) => free,
      lookAround: async () => undefined,
    };
    const ran = tryRound(controller.signal, {
      ...options,
      async tryOne(index) {
        tried.push(index);
        controller.abort();
        return refused(0);
      },
    });
    await expect(ran).rejects.toMatchObject({ name: 'AbortError' });
    expect(tried).toHaveLength(1);
  });

  it('L3: waits after each that it acquires, and looks who else is there, and not otherwise', async () => {
    const clock = createVirtualClock();
    const startedAt = clock.monotonic();
    const at: number[] = [];
    let count = 0;
    const ran = round(
      () => {
        count += 1;
        return count <= 2 ? granted : returned;
      },
      {
        clock,
        free: () => [0, 1, 2, 3],
        held: () => ({ count, most: 10 }),
        async lookAround() {
          at.push(clock.monotonic() - startedAt);
        },
      },
    );
    await clock.pass(30_000);
    await ran;
    // 4,000 ms for all of ten, in nine pauses of which the last is twice as long as the first.
    const [first, second] = [1, 2].map((held) => (4_000 * (10 + held)) / 135);
    expect(at).toHaveLength(2);
    expect(at[0]).toBeCloseTo(first ?? 0, 6);
    expect(at[1]).toBeCloseTo((first ?? 0) + (second ?? 0), 6);
  });
});
