import { AbortError } from 'abort-controller-x';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import { attemptStart, startDelayMs } from '../../../lib/sfn/start.js';
import { awsError } from '../../support/fake-calls.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const throttled = awsError('ThrottlingException', { $metadata: { httpStatusCode: 400 } });
const denied = awsError('AccessDeniedException', { $metadata: { httpStatusCode: 400 } });

/** An attempt that fails with each of these in turn, and succeeds then. */
function attemptWith(...errors: unknown[]) {
  const left = [...errors];
  return vi.fn(async () => {
    const error = left.shift();
    if (error !== undefined) throw error as Error;
    return 'arn';
  });
}

function start(attempt: () => Promise<string>, timeoutMs: number, signal?: AbortSignal) {
  const failures: [unknown, number | undefined][] = [];
  const onFailed = (error: unknown, ms: number | undefined) => void failures.push([error, ms]);
  const started = attemptStart(signal ?? new AbortController().signal, attempt, {
    timeoutMs,
    onFailed,
    // Two of the waits could end in the last moments, were they random.
    clock: { ...systemClock, random: () => 1 },
  });
  const settled = started.catch((error: unknown) => error);
  return { failures, settled };
}

describe('attemptStart', () => {
  it('goes on through passing trouble, and reports each failed attempt', async () => {
    const attempt = attemptWith(throttled, throttled, throttled);
    const { settled, failures } = start(attempt, 60_000);
    await vi.runAllTimersAsync();
    expect(await settled).toBe('arn');
    expect(failures.map(([error]) => error)).toEqual([throttled, throttled, throttled]);
    for (const [, ms] of failures) expect(ms).toBeGreaterThan(0);
  });

  it('rejects with the last error once the time is over, the last attempt being made at its end', async () => {
    const attempt = vi.fn(() => Promise.reject(throttled));
    const { settled, failures } = start(attempt, 5_000);
    await vi.advanceTimersByTimeAsync(4_990);
    const before = attempt.mock.calls.length;
    await vi.advanceTimersByTimeAsync(20);
    expect(await settled).toBe(throttled);
    expect(attempt).toHaveBeenCalledTimes(before + 1);
    expect(failures).toHaveLength(before + 1);
    expect(failures.at(-1)).toEqual([throttled, undefined]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('makes one attempt if the time is 0, and reports that it failed', async () => {
    const attempt = attemptWith(throttled);
    const { settled, failures } = start(attempt, 0);
    expect(await settled).toBe(throttled);
    expect(failures).toEqual([[throttled, undefined]]);
  });

  it('rejects at once with what can not pass, and reports it', async () => {
    const attempt = attemptWith(throttled, denied);
    const { settled, failures } = start(attempt, 60_000);
    await vi.runAllTimersAsync();
    expect(await settled).toBe(denied);
    expect(failures).toEqual([
      [throttled, expect.any(Number)],
      [denied, undefined],
    ]);
  });

  it('ends when its signal aborts, while it waits too', async () => {
    const controller = new AbortController();
    const { settled } = start(attemptWith(throttled), 60_000, controller.signal);
    await vi.advanceTimersByTimeAsync(10);
    controller.abort();
    expect(await settled).toBeInstanceOf(AbortError);
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('startDelayMs doubles from 1 s to 10 s, half of it at random', () => {
  expect([1, 2, 3, 4, 5, 50].map((n) => startDelayMs(n, 0))).toEqual([
    500, 1_000, 2_000, 4_000, 5_000, 5_000,
  ]);
  expect([1, 50].map((n) => startDelayMs(n, 1))).toEqual([1_000, 10_000]);
});
