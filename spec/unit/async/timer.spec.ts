import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../../lib/async/clock.js';
import { systemClock } from '../../../lib/async/clock.js';
import { sleep, startDeadline, startTimer } from '../../../lib/async/timer.js';
import { listeners, watch } from '../../support/watch.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const lengths: [string, number][] = [
  ['a second', 1_000],
  ['as long as a timer of Node can', 2_147_483_647],
  ['a millisecond more than that', 2_147_483_648],
  ['30 days', 30 * DAY_MS],
  ['a year', 365 * DAY_MS],
];

describe('startTimer', () => {
  it.each(lengths)('calls once, after %s, and not a millisecond before', (_, ms) => {
    const then = vi.fn();
    startTimer(ms, then, systemClock);
    vi.advanceTimersByTime(ms - 1);
    expect(then).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(then).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(ms);
    expect(then).toHaveBeenCalledTimes(1);
  });

  it.each([1_000, 40 * DAY_MS, Infinity])('of %d ms is cancelled at any time', (ms) => {
    for (const after of [0, 500, 30 * DAY_MS]) {
      if (after >= ms) continue;
      const then = vi.fn();
      const cancel = startTimer(ms, then, systemClock);
      vi.advanceTimersByTime(after);
      cancel();
      expect(vi.getTimerCount()).toBe(0);
      cancel();
      vi.advanceTimersByTime(400 * DAY_MS);
      expect(then).not.toHaveBeenCalled();
    }
  });

  it('has nothing to cancel once it has called', () => {
    const then = vi.fn();
    const cancel = startTimer(1, then, systemClock);
    vi.advanceTimersByTime(1);
    cancel();
    expect(then).toHaveBeenCalledTimes(1);
  });
});

/** A clock whose timers fire late by as much as it is told, and whose turns take a time of their own. */
function slowClock({ lateMs, turnMs = 0 }: { lateMs: number; turnMs?: number }) {
  let now = 0;
  let turns = 0;
  const clock: Clock = {
    ...systemClock,
    monotonic: () => now,
    setTimer: (ms, then) =>
      systemClock.setTimer(ms, () => {
        now += ms + lateMs;
        then();
      }),
    afterReading: (then) =>
      systemClock.afterReading(() => {
        turns += 1;
        now += turnMs;
        then();
      }),
  };
  return { clock, turns: () => turns };
}

describe('startDeadline', () => {
  it.each([
    ['on time', 0, 0],
    ['3 ms late', 3, 10],
    ['51 ms late', 51, 10],
    ['a minute late', 60_000, 10],
  ])(
    'T12: a limit that fires %s lets the loop read before it acts, if it is late',
    async (_, lateMs, turns) => {
      const slow = slowClock({ lateMs });
      const then = vi.fn();
      startDeadline(1_000, then, slow.clock);
      await vi.advanceTimersByTimeAsync(999);
      expect(then).not.toHaveBeenCalled();
      // Each turn of the loop takes a millisecond of faked time.
      await vi.advanceTimersByTimeAsync(1 + turns);
      expect(then).toHaveBeenCalledTimes(1);
      expect(slow.turns()).toBe(turns);
    },
  );

  it('T12: a late limit acts after 250 ms of reading, however many turns that was', async () => {
    const slow = slowClock({ lateMs: 60_000, turnMs: 100 });
    const then = vi.fn();
    startDeadline(1_000, then, slow.clock);
    await vi.advanceTimersByTimeAsync(1_010);
    expect(then).toHaveBeenCalledTimes(1);
    expect(slow.turns()).toBe(3);
  });

  it.each([1, 5, 9])('T12: what arrives in turn %i cancels a late limit', async (turn) => {
    const slow = slowClock({ lateMs: 60_000 });
    const then = vi.fn();
    const cancel = startDeadline(1_000, then, {
      ...slow.clock,
      afterReading: (next) =>
        slow.clock.afterReading(() => {
          if (slow.turns() === turn) cancel();
          else next();
        }),
    });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(then).not.toHaveBeenCalled();
    expect(slow.turns()).toBe(turn);
  });

  it('is cancelled before it is due, and leaves no timer behind', () => {
    const then = vi.fn();
    startDeadline(40 * DAY_MS, then, systemClock)();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('sleep', () => {
  it.each([
    ['a second', 1_000],
    ['as long as a timer of Node can', 2_147_483_647],
    ['a millisecond more than that', 2_147_483_648],
    ['30 days', 30 * DAY_MS],
    ['a year', 365 * DAY_MS],
  ])('waits for %s, and not a millisecond less', async (_, ms) => {
    const { signal } = new AbortController();
    const watched = watch(sleep(signal, ms, systemClock));
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(watched).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    expect(watched.settled).toEqual(['resolved', undefined]);
    expect(listeners(signal)).toBe(0);
  });

  it('waits for ever where that is wanted, and ends with its signal', async () => {
    const controller = new AbortController();
    const watched = watch(sleep(controller.signal, Infinity, systemClock));
    await vi.advanceTimersByTimeAsync(1_000 * DAY_MS);
    expect(watched).toEqual({});
    expect(vi.getTimerCount()).toBe(1);
    controller.abort();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(0);
    expect(watched.settled).toMatchObject(['rejected', { name: 'AbortError' }]);
    expect(listeners(controller.signal)).toBe(0);
  });

  it('ends with its signal in a later stretch of a long wait', async () => {
    const controller = new AbortController();
    const watched = watch(sleep(controller.signal, 60 * DAY_MS, systemClock));
    await vi.advanceTimersByTimeAsync(55 * DAY_MS);
    controller.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(watched.settled).toMatchObject(['rejected', { name: 'AbortError' }]);
  });

  it('does not begin under a signal that has aborted', async () => {
    await expect(sleep(AbortSignal.abort(), Infinity, systemClock)).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
