import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pace } from '../../../lib/polling/pace.js';
import {
  afterEmptyAnswer,
  afterFailedPoll,
  afterTask,
  startingPace,
} from '../../../lib/polling/pace.js';

/** So many polls that fail one after the other, each at once. */
function failTimes(pace: Pace, times: number, random = 0): Pace {
  let after = pace;
  for (let i = 0; i < times; i++) after = afterFailedPoll(after, after.epoch, 0, 0, random);
  return after;
}

function emptyTimes(pace: Pace, times: number, openMs = 0): Pace {
  let after = pace;
  for (let i = 0; i < times; i++) after = afterEmptyAnswer(after, after.epoch, openMs, 0);
  return after;
}

describe('afterFailedPoll', () => {
  it('P1: waits for longer with every failure in a row, from 1 s to 30 s', () => {
    const steps = [1, 2, 3, 4, 5, 6, 100];
    expect(steps.map((n) => failTimes(startingPace, n, 0).retryInMs)).toEqual([
      1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000,
    ]);
    expect(steps.map((n) => failTimes(startingPace, n, 1).retryInMs)).toEqual([
      2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it.each([
    ['at once', 0, 1, 2_000],
    ['as fast as a refusal comes', 999, 2, 4_000],
    ['a second later, which counts', 1_000, 2, 3_000],
    ['after some of it', 3_000, 3, 5_000],
    ['after most of it', 29_999, 6, 1],
    ['just before it counts as held', 9_999, 2, 1_500],
    ['after it was held', 10_000, 2, 0],
    ['after 59 s', 59_000, 6, 0],
    ['at the bound of a poll', 70_000, 6, 0],
  ])('P4: counts from the sending of a poll that failed %s', (_, openMs, failures, retryInMs) => {
    const before = failTimes(startingPace, failures - 1, 1);
    const now = 1_000_000;
    const after = afterFailedPoll(before, before.epoch, openMs, now, 1);
    expect(after).toMatchObject({ failures, retryInMs, resumeAt: now + retryInMs });
  });

  it('P1, P4: the second of quiet after a poll that was cut short has jitter', () => {
    const waits = [0, 0.5, 1].map(
      (random) => afterFailedPoll(startingPace, 0, 5_000, 0, random).retryInMs,
    );
    expect(waits).toEqual([1_000, 1_250, 1_500]);
  });

  it('P1: takes one trouble that meets many open polls as one failure', () => {
    const { epoch } = startingPace;
    const first = afterFailedPoll(startingPace, epoch, 0, 0, 0);
    let last = first;
    for (let i = 0; i < 99; i++) last = afterFailedPoll(last, epoch, 500, 500, 0.7);
    expect(last).toBe(first);
    expect(first.failures).toBe(1);
  });

  it.each([
    ['at once', 39, 10_000, 1_250],
    ['after 9 s', 9_000, 10_000, 1_250],
    ['after it was held', 10_000, 10_000, 0],
    ['less than 1 s after it was sent, while a wait is on', 10, 10_500, 1_250],
    ['while a wait is on that is long enough', 10, 11_000, 1_000],
  ])(
    'P4: a poll that fails %s after a poll that was held has its second of quiet',
    (_, openMs, resumeAt, waitMs) => {
      // The first one was held, so its wait may have passed.
      const first = { ...startingPace, epoch: 1, failures: 1, resumeAt };
      const after = afterFailedPoll(first, 0, openMs, 10_000, 0.5);
      expect(after).toMatchObject({ epoch: 1, failures: 1, resumeAt: 10_000 + waitMs });
    },
  );

  it('P4: a poll that was held, failing after another, changes nothing', () => {
    const first = { ...startingPace, epoch: 1, failures: 1, resumeAt: 500 };
    expect(afterFailedPoll(first, 0, 10_000, 10_000, 0.5)).toBe(first);
  });

  it('P1: each failure that counts begins an epoch', () => {
    expect([0, 1, 2].map((times) => failTimes(startingPace, times).epoch)).toEqual([0, 1, 2]);
  });

  it('P1: never comes sooner than another wait that is on already', () => {
    const empty = emptyTimes(startingPace, 1_000);
    expect(afterFailedPoll(empty, 0, 30_000, 0, 0).resumeAt).toBe(1_000);
  });

  it('P1: is within its bounds, whatever the poll took and however long the trouble lasts', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.double({ min: 0, max: 70_000, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, openMs, random) => {
          const before = failTimes(startingPace, failures);
          const after = afterFailedPoll(before, before.epoch, openMs, 0, random);
          expect(after.retryInMs).toBeGreaterThanOrEqual(openMs < 10_000 ? 1_000 : 0);
          expect(after.retryInMs).toBeLessThanOrEqual(30_000);
        },
      ),
    );
  });
});

describe('afterTask', () => {
  it('P1: is back to the first step, but not by a poll from before the trouble', () => {
    const failed = failTimes(startingPace, 10);
    expect(afterTask(failed, 0).failures).toBe(10);
    expect(afterTask(failed, failed.epoch).failures).toBe(0);
  });

  it('P1: does not cut a wait short that is on already', () => {
    const failed = failTimes(startingPace, 3);
    expect(afterTask(failed, failed.epoch).resumeAt).toBe(failed.resumeAt);
  });

  it('costs nothing if there is nothing to change', () => {
    expect(afterTask(startingPace, 0)).toBe(startingPace);
  });
});

describe('afterEmptyAnswer', () => {
  it('P3: waits 50 ms after each that came at once, and 1 s from the 1,000th in a row', () => {
    const waits = [1, 2, 500, 999, 1_000, 1_001, 5_000].map(
      (n) => emptyTimes(startingPace, n).resumeAt,
    );
    expect(waits).toEqual([50, 50, 50, 50, 1_000, 1_000, 1_000]);
  });

  it.each([
    ['999 ms', 999, 50],
    ['1 s', 1_000, -Infinity],
    ['60 s', 60_000, -Infinity],
  ])('P3: after %s waits until %3$s', (_, openMs, resumeAt) => {
    expect(emptyTimes(startingPace, 1, openMs).resumeAt).toBe(resumeAt);
  });

  it('P3: a task, or a poll that was held, ends the row', () => {
    const row = emptyTimes(startingPace, 999);
    expect(emptyTimes(afterTask(row, 0), 1).resumeAt).toBe(50);
    expect(emptyTimes(emptyTimes(row, 1, 60_000), 1).resumeAt).toBe(50);
    expect(emptyTimes(failTimes(row, 1), 1).emptyInRow).toBe(1_000);
  });

  it('P1: is a good answer: the next failure is the first again', () => {
    expect(emptyTimes(failTimes(startingPace, 5), 1).failures).toBe(0);
  });
});
