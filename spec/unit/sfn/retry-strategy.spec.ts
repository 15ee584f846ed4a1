import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import { createRetryStrategy } from '../../../lib/sfn/retry-strategy.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const transient = { errorType: 'TRANSIENT' } as const;
const throttling = { errorType: 'THROTTLING' } as const;

function setUp(maxAttempts = 3) {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  return createRetryStrategy(() => Promise.resolve(maxAttempts), systemClock);
}

/** Milliseconds until there is a token. */
async function waited(promise: Promise<unknown>): Promise<number> {
  const from = Date.now();
  let until: number | undefined;
  void promise.then(() => (until = Date.now()));
  await vi.runAllTimersAsync();
  return (until ?? Number.NaN) - from;
}

describe('createRetryStrategy', () => {
  it('waits as the standard strategy of the SDK does: 50 ms, doubling; a second if throttled', async () => {
    const { strategy } = setUp(9);
    const first = await strategy.acquireInitialRetryToken('');
    const second = strategy.refreshRetryTokenForRetry(first, transient);
    expect(await waited(second)).toBe(25);
    expect(await waited(strategy.refreshRetryTokenForRetry(await second, transient))).toBe(50);
    expect(await waited(strategy.refreshRetryTokenForRetry(first, throttling))).toBe(500);
    expect((await second).getRetryCount()).toBe(1);
    expect((await second).getRetryDelay()).toBe(0);
  });

  it('heeds Retry-After, up to 5 s more than its own wait', async () => {
    const { strategy } = setUp();
    const token = await strategy.acquireInitialRetryToken('');
    const hint = (ms: number) => ({ ...transient, retryAfterHint: new Date(Date.now() + ms) });
    expect(await waited(strategy.refreshRetryTokenForRetry(token, hint(2_000)))).toBe(2_000);
    expect(await waited(strategy.refreshRetryTokenForRetry(token, hint(60_000)))).toBe(5_025);
    expect(await waited(strategy.refreshRetryTokenForRetry(token, hint(-60_000)))).toBe(25);
  });

  it('ends after maxAttempts, and at once if a retry is no use', async () => {
    const { strategy } = setUp(2);
    const first = await strategy.acquireInitialRetryToken('');
    const second = strategy.refreshRetryTokenForRetry(first, transient);
    await waited(second);
    await expect(strategy.refreshRetryTokenForRetry(await second, transient)).rejects.toThrow();
    for (const errorType of ['CLIENT_ERROR', 'SERVER_ERROR'] as const) {
      await expect(strategy.refreshRetryTokenForRetry(first, { errorType })).rejects.toThrow();
    }
  });

  it('has no more retries than 500 tokens pay for; what succeeds gives tokens back', async () => {
    const own = setUp();
    const { strategy } = own;
    const first = await strategy.acquireInitialRetryToken('');
    const retry = () => strategy.refreshRetryTokenForRetry(first, transient);
    for (let i = 0; i < 35; i += 1) await waited(retry());
    await expect(retry()).rejects.toThrow();
    for (let i = 0; i < 4; i += 1) own.succeeded();
    const paid = retry();
    await waited(paid);
    await expect(retry()).rejects.toThrow();
    strategy.recordSuccess(await paid);
    await waited(retry());
    for (let i = 0; i < 14; i += 1) strategy.recordSuccess(first);
    await waited(retry());
  });

  it('S4: ends every wait, and leaves no timer behind', async () => {
    const { strategy, end } = setUp();
    const first = await strategy.acquireInitialRetryToken('');
    const waits = [1, 2].map(() => strategy.refreshRetryTokenForRetry(first, throttling));
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(2);
    end();
    expect(vi.getTimerCount()).toBe(0);
    for (const wait of waits) await expect(wait).rejects.toThrow('destroyed');
  });
});
