import { describe, expect, it, vi } from 'vitest';
import type { Step } from '../../../lib/locks/late-call.js';
import { callLimitMs, connectLimitMs, endIfLate } from '../../../lib/locks/late-call.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

describe('time limits', () => {
  it.each([
    [1_000, 1_000, 1_000],
    [6_000, 1_000, 3_000],
    [9_000, 1_500, 3_000],
    [2_000, 1_000, 2_000],
    [18_000, 3_000, 3_000],
    [30_000, 3_000, 3_000],
    [3_600_000, 3_000, 3_000],
  ])('L11: a ttl of %d ms gives a call %d ms, and a connect %d ms', (ttlMs, callMs, connectMs) => {
    expect([callLimitMs(ttlMs), connectLimitMs(ttlMs)]).toEqual([callMs, connectMs]);
  });
});

const ttlMs = 9_000;
const limitMs = 1_500;
const never = () => new Promise<never>(() => undefined);
const stepOf = (waitsFor: string) => ({ waitsFor, suspect: vi.fn(), end: vi.fn() });

/** A call that enters these steps at once, and is then over when `work` is. */
function run<T>(work: () => Promise<T>, ...steps: Step[]) {
  let isLate: () => boolean = () => false;
  const outcome = endIfLate(ttlMs, async (enter, late) => {
    isLate = late;
    for (const step of steps) enter(step);
    return work();
  });
  return { outcome, isLate: () => isLate() };
}

describe('endIfLate', () => {
  it('L11: resolves with what the call came to, and ends nothing', async () => {
    const step = stepOf('answer');
    const { outcome, isLate } = run(async () => 7, step);
    expect(await outcome).toBe(7);
    await vi.advanceTimersByTimeAsync(10 * limitMs);
    expect(isLate()).toBe(false);
    expect([step.suspect.mock.calls, step.end.mock.calls]).toEqual([[], []]);
  });

  it('L11: rejects as the call does', async () => {
    const error = new Error('down');
    await expect(run(() => Promise.reject(error)).outcome).rejects.toBe(error);
  });

  it('L11: a late call rejects with what it waits for, and ends that step alone', async () => {
    const [first, last] = [stepOf('connection'), stepOf('answer from the store')];
    const { outcome, isLate } = run(never, first, last);
    const settled = outcome.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(limitMs - 1);
    expect(last.end).not.toHaveBeenCalled();
    expect(isLate()).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    const error = await settled;
    expect(error).toMatchObject({
      name: 'TimeoutError',
      message: 'No answer from the store within 1500 ms',
    });
    expect(isLate()).toBe(true);
    expect(last.end).toHaveBeenCalledExactlyOnceWith(error);
    expect(first.end).not.toHaveBeenCalled();
    expect(first.suspect).not.toHaveBeenCalled();
    // The call would never settle, and so would never cancel it.
    await vi.advanceTimersByTimeAsync(ttlMs);
  });

  it('L11: a step is suspect after a sixth of the ttl, before it is ended', async () => {
    const step = stepOf('answer');
    const shortTtlMs = 3_000;
    const settled = endIfLate(shortTtlMs, async (enter) => {
      enter(step);
      return never();
    }).catch(() => 'late');
    await vi.advanceTimersByTimeAsync(shortTtlMs / 6 - 1);
    expect(step.suspect).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(step.suspect).toHaveBeenCalledOnce();
    expect(step.end).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(callLimitMs(shortTtlMs));
    expect(await settled).toBe('late');
    expect(step.end).toHaveBeenCalledOnce();
  });

  it('L9: a call that fails after it was late rejects nowhere', async () => {
    let fail: (error: Error) => void = () => undefined;
    const { outcome } = run(() => new Promise((_, reject) => (fail = reject)));
    const settled = outcome.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(limitMs);
    fail(new Error('too late'));
    expect(await settled).toMatchObject({ message: 'No answer within 1500 ms' });
    await vi.advanceTimersByTimeAsync(0);
  });
});
