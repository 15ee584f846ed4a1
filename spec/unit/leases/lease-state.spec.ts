import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeaseState, Step } from '../../../lib/leases/lease-state.js';
import {
  afterFailure,
  afterRenewal,
  nextStep,
  now,
  observe,
} from '../../../lib/leases/lease-state.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

const ttlMs = 12_000;
const at = (monotonic: number, wall = monotonic) => ({ monotonic, wall });
/** Renewed at 0, due for the next renewal at 4,000, valid until 10,800. */
const held: LeaseState = { phase: 'held', renewedAt: at(0), renewDueAt: 4_000 };
const inPhase = (phase: LeaseState['phase']): LeaseState => ({ ...held, phase });

describe('L2: what the clocks make of a lease', () => {
  it.each<[string, LeaseState, ReturnType<typeof at>, LeaseState['phase']]>([
    ['in time', held, at(10_799), 'held'],
    ['its time is over', held, at(10_800), 'expired'],
    ['the wall clock leaps forward', held, at(100, 10_800), 'inDoubt'],
    ['the wall clock leaps back', held, at(100, -3_600_000), 'held'],
    ['the leap is taken back', inPhase('inDoubt'), at(200, 200), 'held'],
    ['in doubt until its time is over', inPhase('inDoubt'), at(10_800, 20_000), 'expired'],
    ['expired stays so', inPhase('expired'), at(1), 'expired'],
    ['taken stays so', inPhase('taken'), at(1), 'taken'],
  ])('L2: %s', (_, state, moment, phase) => {
    expect(observe(state, moment, ttlMs).phase).toBe(phase);
  });
});

describe('L2: what the clocks make of a lease that was renewed later', () => {
  const renewed = { ...held, renewedAt: at(50_000, 900_000) };
  it.each<[string, ReturnType<typeof at>, LeaseState['phase']]>([
    ['in time', at(60_799, 910_799), 'held'],
    ['its time is over', at(60_800, 910_800), 'expired'],
    ['the wall clock leaps forward', at(50_001, 910_800), 'inDoubt'],
  ])('L2: %s', (_, moment, phase) => {
    expect(observe(renewed, moment, ttlMs).phase).toBe(phase);
  });

  it('L2: now is a moment on both clocks', () => {
    const clock = { ...createVirtualClock(), monotonic: () => 7, wall: () => 9 };
    expect(now(clock)).toEqual({ monotonic: 7, wall: 9 });
  });
});

describe('L2: what is done next', () => {
  it.each<[string, LeaseState, number, Step]>([
    ['waits for the next renewal', held, 1_000, { do: 'wait', ms: 3_000 }],
    ['renews once it is due, within a sixth', held, 4_000, { do: 'renew', withinMs: 2_000 }],
    ['renews in what is left', held, 10_000, { do: 'renew', withinMs: 800 }],
    [
      'waits no longer than it is valid',
      { ...held, renewDueAt: 11_000 },
      10_000,
      { do: 'wait', ms: 800 },
    ],
    ['in doubt, asks at once', inPhase('inDoubt'), 100, { do: 'renew', withinMs: 2_000 }],
    ['expired, renews on', inPhase('expired'), 20_000, { do: 'renew', withinMs: 2_000 }],
    ['taken, ends', inPhase('taken'), 5_000, { do: 'end' }],
  ])('L2: %s', (_, state, monotonic, step) => {
    expect(nextStep(state, at(monotonic), ttlMs)).toEqual(step);
  });

  it('L2: a lease that is not taken is never waited for without end, nor renewed for no time', () => {
    const states = fc.record({
      phase: fc.constantFrom<LeaseState['phase'][]>('held', 'inDoubt', 'expired'),
      renewedAt: fc.constant(at(0)),
      renewDueAt: fc.integer({ min: 0, max: 20_000 }),
    });
    fc.assert(
      fc.property(states, fc.integer({ min: 0, max: 30_000 }), (state, monotonic) => {
        const moment = at(monotonic);
        const step = nextStep(observe(state, moment, ttlMs), moment, ttlMs);
        if (step.do === 'wait') expect(step.ms).toBeGreaterThan(0);
        if (step.do === 'renew') expect(step.withinMs).toBeGreaterThan(0);
        expect(step).not.toEqual({ do: 'wait', ms: Infinity });
      }),
    );
  });
});

describe('L2: what a renewal makes of a lease', () => {
  it.each<[LeaseState['phase'], LeaseState['phase']]>([
    ['held', 'held'],
    ['inDoubt', 'held'],
    ['expired', 'expired'],
  ])('L2: %s is %s after a good one', (before, after) => {
    expect(afterRenewal(inPhase(before), at(5_000), 4_000)).toEqual({
      phase: after,
      renewedAt: at(5_000),
      renewDueAt: 9_000,
    });
  });

  it.each<[LeaseState['phase'], LeaseState['phase'], boolean]>([
    ['held', 'held', false],
    ['inDoubt', 'expired', false],
    ['expired', 'expired', false],
    ['held', 'taken', true],
    ['inDoubt', 'taken', true],
    ['expired', 'taken', true],
  ])('L2: %s is %s after a failure (not owned: %s)', (before, after, notOwned) => {
    expect(afterFailure(inPhase(before), at(5_000), ttlMs, notOwned)).toEqual({
      phase: after,
      renewedAt: at(0),
      renewDueAt: 6_000,
    });
  });
});
