import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planSlots, pollersFor } from '../../../lib/polling/slots.js';

describe('rolesFor', () => {
  it.each([
    [10, 5, [5, 5]],
    [10, 4, [4, 4, 2]],
    [1, 1, [1]],
    [3, 10, [3]],
    [3, 1, [1, 1, 1]],
  ])('C1: %i at a time, %i a poller, make %j', (max, per, concurrencies) => {
    expect(pollersFor(max, per)).toEqual(
      concurrencies.map((concurrency, index) => ({ index, concurrency })),
    );
  });

  it('C1: ceil(M / P) pollers of 1 to P, M together', () => {
    const size = fc.integer({ min: 1, max: 300 });
    fc.assert(
      fc.property(size, size, (max, per) => {
        const pollers = pollersFor(max, per);
        expect(pollers).toHaveLength(Math.ceil(max / per));
        expect(pollers.reduce((sum, poller) => sum + poller.concurrency, 0)).toBe(max);
        for (const { concurrency } of pollers) {
          expect(concurrency).toBeGreaterThanOrEqual(1);
          expect(concurrency).toBeLessThanOrEqual(per);
        }
      }),
    );
  });
});

describe('planSlots', () => {
  const inUse = (concurrency: number, used: number) => ({ concurrency, used });

  it.each([
    ['pure growth is at once', [5, 5], [inUse(5, 5), undefined], 0, [5, 5]],
    ['fewer is at once, whatever is in use', [2], [inUse(5, 5)], 0, [2]],
    ['what is surplus takes room', [5, 5], [inUse(10, 10), undefined], 0, [5, 0]],
    ['room grows as slots are freed', [5, 5], [inUse(5, 8), undefined], 0, [5, 2]],
    ['idle surplus takes none', [5, 5], [inUse(10, 1), undefined], 0, [5, 5]],
    ['pollers that leave take room', [10], [inUse(5, 5)], 3, [7]],
    ['room for all is given to all', [4, 4], [inUse(2, 2), inUse(2, 2)], 0, [4, 4]],
    ['room for one is given to the first', [4, 4], [inUse(2, 2), inUse(2, 2)], 3, [3, 2]],
    ['slots in use count once', [4], [inUse(2, 4)], 0, [4]],
  ])('%s', (_, desired, present, leaving, planned) => {
    expect(planSlots(desired, present, leaving)).toEqual(planned);
  });

  it('C2: the total never passes what is desired, or what was in use before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(20), { maxLength: 8 }),
        fc.array(fc.record({ concurrency: fc.nat(20), used: fc.nat(20) }), { maxLength: 8 }),
        fc.nat(20),
        (desired, present, leaving) => {
          const planned = planSlots(desired, present, leaving);
          const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
          const total = (sizes: number[]) =>
            sum(sizes.map((size, i) => Math.max(size, present[i]?.used ?? 0))) + leaving;
          const shrunk = desired.map((size, i) => Math.min(size, present[i]?.concurrency ?? 0));
          expect(total(planned)).toBeLessThanOrEqual(Math.max(sum(desired), total(shrunk)));
          for (const [i, size] of planned.entries()) {
            expect(size).toBeLessThanOrEqual(desired[i] ?? 0);
            expect(size).toBeGreaterThanOrEqual(shrunk[i] ?? 0);
          }
        },
      ),
    );
  });
});
