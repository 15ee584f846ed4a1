import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Standing } from '../../../lib/leases/fair-share.js';
import { formatStanding, parseStanding, planFairShare } from '../../../lib/leases/fair-share.js';

const standing = (id: string, held: number, more: Partial<Standing> = {}): Standing => ({
  id,
  held,
  handedOver: 0,
  draining: 0,
  pollers: 40,
  cap: Infinity,
  ...more,
});

/** What each instance would do, all of them knowing the same. */
const plansOf = (...all: Standing[]) =>
  all.map((me) =>
    planFairShare(
      me,
      all.filter((other) => other !== me),
    ),
  );
const handOvers = (...all: Standing[]) =>
  plansOf(...all).filter(({ handOverBelow }) => handOverBelow !== undefined).length;

describe('L10: who hands a poller over', () => {
  it('L10: one that has all of them, once another instance is there', () => {
    const [rich, poor] = plansOf(standing('a', 40), standing('b', 0));
    expect(rich).toEqual({ lacked: 20, yieldsBelow: 40, handOverBelow: 40 });
    expect(poor).toEqual({ lacked: 0, yieldsBelow: 0 });
  });

  it('L10: no instance, while each has floor(pollers / instances)', () => {
    expect(handOvers(standing('a', 14), standing('b', 13), standing('c', 13))).toBe(0);
    expect(handOvers(standing('a', 40))).toBe(0);
    expect(handOvers(standing('a', 14), standing('b', 26))).toBe(1);
  });

  it('L10: as many as others lack, those first that hold the most', () => {
    const rich = [5, 7, 5, 5].map((held, i) => standing(`rich-${i}`, held, { pollers: 25 }));
    const plans = plansOf(...rich, standing('poor', 3, { pollers: 25 }));
    expect(plans.map(({ handOverBelow }) => handOverBelow)).toEqual([
      undefined,
      25,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('L10: of those that hold as many, the one whose id comes first', () => {
    const rich = [
      standing('d', 6, { pollers: 25 }),
      standing('c', 7, { pollers: 25 }),
      standing('a', 6, { pollers: 25 }),
      standing('b', 8, { pollers: 25 }),
    ];
    const giversFor = (held: number) =>
      rich
        .filter((_, i) => {
          const plan = plansOf(...rich, standing('poor', held, { pollers: 25 }))[i];
          return plan?.handOverBelow !== undefined;
        })
        .map(({ id }) => id);
    expect(giversFor(4)).toEqual(['b']);
    expect(giversFor(3)).toEqual(['c', 'b']);
    expect(giversFor(2)).toEqual(['c', 'a', 'b']);
    expect(giversFor(1)).toEqual(['d', 'c', 'a', 'b']);
  });

  it('L10: what is on its way counts as given', () => {
    const rich = [
      standing('a', 7, { pollers: 15, handedOver: 1 }),
      standing('b', 6, { pollers: 15 }),
    ];
    expect(handOvers(...rich, standing('c', 3, { pollers: 15 }))).toBe(1);
    expect(handOvers(...rich, standing('c', 2, { pollers: 15 }))).toBe(2);
  });

  it('L10: not again while one that another lacks is on its way', () => {
    const poor = standing('b', 19);
    expect(handOvers(standing('a', 21), poor)).toBe(1);
    expect(handOvers(standing('a', 20, { handedOver: 1 }), poor)).toBe(0);
  });

  it('L4: leaves nothing to one whose cap is full with what it hands over', () => {
    const mine = standing('a', 20);
    const others = (handedOver: number) => [standing('b', 2, { handedOver, cap: 3 })];
    expect(planFairShare(mine, others(0)).yieldsBelow).toBe(40);
    expect(planFairShare(mine, others(1)).yieldsBelow).toBe(0);
  });

  it('L4: leaves nothing to one that has no room for all that it hands over and has lost', () => {
    const mine = standing('a', 20);
    const poor = (draining: number) => [standing('b', 0, { handedOver: 21, draining })];
    expect(planFairShare(mine, poor(18)).yieldsBelow).toBe(40);
    expect(planFairShare(mine, poor(19)).yieldsBelow).toBe(0);
  });

  it('L10: not to one that may not take it', () => {
    expect(handOvers(standing('a', 39), standing('b', 1, { cap: 1 }))).toBe(0);
    expect(handOvers(standing('a', 40), standing('b', 0, { cap: 1 }))).toBe(1);
  });

  it('L10: none are kept for one that has lost as many, whose work has not ended', () => {
    expect(handOvers(standing('a', 40), standing('b', 0, { draining: 19 }))).toBe(1);
    const [plan] = plansOf(standing('a', 20), standing('b', 0, { draining: 20 }));
    expect(plan).toEqual({ lacked: 0, yieldsBelow: 0 });
  });

  it('L10: only one whose name the other one competes for', () => {
    const [plan] = plansOf(standing('a', 30), standing('b', 0, { pollers: 10 }));
    expect(plan).toMatchObject({ handOverBelow: 10, yieldsBelow: 10 });
  });

  it('L10: one with its even share leaves free pollers to those that have less', () => {
    const [rich, even, poor] = plansOf(standing('a', 14), standing('b', 13), standing('c', 9));
    expect([rich, even, poor].map((plan) => plan?.yieldsBelow)).toEqual([40, 40, 0]);
    expect(plansOf(standing('a', 13), standing('b', 13), standing('c', 13))[0]?.yieldsBelow).toBe(
      0,
    );
  });

  it('L10: one that has less than its share leaves nothing to others that have', () => {
    const plans = plansOf(standing('a', 30), standing('b', 5), standing('c', 5));
    expect(plans.map(({ yieldsBelow }) => yieldsBelow)).toEqual([40, 0, 0]);
  });

  it('L10: hand-overs come to an end, with floor or ceiling of the share for everyone', () => {
    const clusters = fc
      .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 12 }))
      .chain(([pollers, size]) =>
        fc
          .array(fc.integer({ min: 0, max: size - 1 }), { minLength: pollers, maxLength: pollers })
          .map((holders) =>
            Array.from({ length: size }, (_, i) =>
              standing(String(i), holders.filter((holder) => holder === i).length, { pollers }),
            ),
          ),
      );
    fc.assert(
      fc.property(clusters, (all) => {
        const pollers = all[0]?.pollers ?? 0;
        const floor = Math.floor(pollers / all.length);
        let rounds = 0;
        for (; handOvers(...all) > 0; rounds += 1) {
          expect(rounds).toBeLessThan(pollers);
          for (const giver of all.filter((_, i) => plansOf(...all)[i]?.handOverBelow)) {
            giver.held -= 1;
            const taker = all.find(({ held }) => held < floor);
            if (taker !== undefined) taker.held += 1;
            else giver.held += 1;
          }
        }
        for (const { held } of all) expect(held).toBeGreaterThanOrEqual(floor);
      }),
    );
  });
});

describe('what instances say of themselves', () => {
  it.each([
    standing('a', 3),
    standing('b', 0, { handedOver: 2, draining: 3, cap: 7 }),
    standing('1z4xyz0q', 10, { handedOver: 20, draining: 30, pollers: 4_000, cap: 70 }),
  ])('is read as written', (it_) => {
    expect(parseStanding(formatStanding(it_))).toEqual(it_);
  });

  it.each([
    '',
    'a',
    'a 1 2 3',
    'a 1 2 3 4 x',
    '{"id":"a"}',
    'a -1 0 0 3 -',
    'a b 1 2 3 4 5',
    'a 1 2 3 4 5 6',
    'a 1 2 3 4 5x',
  ])('is nothing if it is %j', (text) => expect(parseStanding(text)).toBeUndefined());
});
