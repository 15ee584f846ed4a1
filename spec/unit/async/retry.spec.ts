import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RetryOptions } from '../../../lib/async/retry.js';
import { retry } from '../../../lib/async/retry.js';
import { systemClock } from '../../../lib/async/clock.js';
import { watch } from '../../support/watch.js';

beforeEach(() => void vi.useFakeTimers());

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** An attempt that fails as often as it has errors, and the moments at which it was made. */
function failing(errors: readonly unknown[]) {
  const at: number[] = [];
  const startedAt = performance.now();
  const attempt = async () => {
    at.push(performance.now() - startedAt);
    if (at.length <= errors.length) throw errors[at.length - 1];
    return `attempt ${at.length}`;
  };
  return { at, attempt };
}

function run(
  attempt: () => Promise<string>,
  random: number,
  options: RetryOptions = { firstMs: 100, longestMs: 1_000 },
) {
  const controller = new AbortController();
  const clock = { ...systemClock, random: () => random };
  return { controller, watched: watch(retry(controller.signal, attempt, options, clock)) };
}

describe('retry', () => {
  it.each([
    ['least', 0, [0, 50, 150, 350, 750, 1_250]],
    ['middle', 0.5, [0, 75, 225, 525, 1_125, 1_875]],
  ])('doubles the wait up to the longest one: %s of chance', async (_, random, moments) => {
    const { at, attempt } = failing(Array.from({ length: 5 }, () => new Error('no')));
    const { watched } = run(attempt, random);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(at).toEqual(moments);
    expect(watched.settled).toEqual(['resolved', 'attempt 6']);
  });

  it('ends with the last error after so many attempts', async () => {
    const { at, attempt } = failing(['first', 'second', 'third', 'fourth']);
    const { watched } = run(attempt, 0, { firstMs: 8, attempts: 3 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(at).toHaveLength(3);
    expect(watched.settled).toEqual(['rejected', 'third']);
  });

  it("takes an AbortError that is not its signal's for any other failure", async () => {
    const { at, attempt } = failing([new DOMException('of a client', 'AbortError')]);
    const { watched } = run(attempt, 0);
    await vi.advanceTimersByTimeAsync(50);
    expect(at).toEqual([0, 50]);
    expect(watched.settled).toEqual(['resolved', 'attempt 2']);
  });

  it('ends a wait when the signal aborts, and keeps no timer', async () => {
    const { at, attempt } = failing(['no']);
    const { controller, watched } = run(attempt, 0);
    await vi.advanceTimersByTimeAsync(49);
    controller.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(at).toHaveLength(1);
    expect(watched.settled).toEqual(['rejected', controller.signal.reason]);
  });

  it('takes what an attempt brings that was under way when the signal aborted', async () => {
    let end: (value: string) => void = () => undefined;
    const { controller, watched } = run(() => new Promise((resolve) => (end = resolve)), 0);
    controller.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(watched.settled).toBeUndefined();
    end('late');
    await vi.advanceTimersByTimeAsync(0);
    expect(watched.settled).toEqual(['resolved', 'late']);
  });
});
