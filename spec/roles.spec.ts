import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rolesFor } from '../lib/roles.js';

describe('rolesFor', () => {
  it.each([
    [10, 5, [5, 5]],
    [10, 4, [4, 4, 2]],
    [1, 1, [1]],
    [3, 10, [3]],
    [3, 1, [1, 1, 1]],
  ])('C1: %i at a time, %i a poller, make %j', (max, per, concurrencies) => {
    expect(rolesFor(max, per)).toEqual(
      concurrencies.map((concurrency, index) => ({ index, concurrency })),
    );
  });

  it('C1: ceil(M / P) pollers of 1 to P, M together', () => {
    const size = fc.integer({ min: 1, max: 300 });
    fc.assert(
      fc.property(size, size, (max, per) => {
        const roles = rolesFor(max, per);
        expect(roles).toHaveLength(Math.ceil(max / per));
        expect(roles.reduce((sum, role) => sum + role.concurrency, 0)).toBe(max);
        for (const { concurrency } of roles) {
          expect(concurrency).toBeGreaterThanOrEqual(1);
          expect(concurrency).toBeLessThanOrEqual(per);
        }
      }),
    );
  });
});
