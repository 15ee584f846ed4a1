import { describe, expect, it } from 'vitest';
import { planOf } from './plan.js';
import { simulate } from './simulate.js';

/** So many seeds a test: a failure names its seed, a timeout at least a few. */
const AT_A_TIME = 15;
/** They take a second or two, on a machine that has nothing else to do. */
const TIMEOUT_MS = 120_000;

/** Declares the tests that run a row of fixed seeds. */
export function testSeeds(from: number, to: number): void {
  describe(`simulated clusters of seeds ${from} to ${to} keep the contract`, () => {
    for (let first = from; first <= to; first += AT_A_TIME) {
      const last = Math.min(to, first + AT_A_TIME - 1);
      it(
        `seeds ${first} to ${last}`,
        async () => {
          for (let seed = first; seed <= last; seed += 1) {
            const { violation } = await simulate(planOf(seed));
            expect(violation?.message, howToSee(seed)).toBeUndefined();
          }
        },
        TIMEOUT_MS,
      );
    }
  });
}

function howToSee(seed: number): string {
  return `seed ${seed}; to see it: npm run simulate:search -- --seed ${seed}`;
}
