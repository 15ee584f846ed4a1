import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import { invokeWhenConnected } from '../../../lib/task/component-down.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

const refused = () => Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });

/** An invoke of which each attempt takes so long and then ends so; the last one goes on. */
function setUp(attempts: { takesMs?: number; ends: Error | string }[]) {
  const calledAt: number[] = [];
  const calls: string[] = [];
  const controller = new AbortController();
  const startedAt = performance.now();
  const result = invokeWhenConnected(
    controller.signal,
    async () => {
      const { takesMs = 0, ends } = attempts[Math.min(calledAt.length, attempts.length - 1)] ?? {
        ends: 'none',
      };
      calledAt.push(performance.now() - startedAt);
      if (takesMs > 0) await new Promise((resolve) => setTimeout(resolve, takesMs));
      if (ends instanceof Error) throw ends;
      return ends;
    },
    { onWaiting: () => calls.push('waiting'), onConnected: () => calls.push('connected') },
    systemClock,
  ).catch((error: unknown) => error);
  return { calledAt, calls, controller, result };
}

describe('invokeWhenConnected', () => {
  it('onComponentDown: sends again with jittered back-off from 0.1 s to 5 s, until there is a connection', async () => {
    const { calledAt, calls, result } = setUp([
      ...Array.from({ length: 12 }, () => ({ ends: refused() })),
      { ends: 'fine' },
    ]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await result).toBe('fine');
    const gaps = calledAt.slice(1).map((at, i) => at - (calledAt[i] ?? 0));
    for (const [i, gap] of gaps.entries()) {
      const ceiling = Math.min(5_000, 100 * 2 ** i);
      expect(gap).toBeGreaterThanOrEqual(ceiling / 2 - 1);
      expect(gap).toBeLessThanOrEqual(ceiling + 1);
    }
    expect(calls).toEqual([...Array<string>(12).fill('waiting'), 'connected']);
  });

  it.each([
    ['one that was closed', Object.assign(new Error('reset'), { code: 'ECONNRESET' })],
    ['one that is late', Object.assign(new Error('late'), { code: 'UND_ERR_HEADERS_TIMEOUT' })],
    ['what the component throws', new TypeError('not a number')],
  ])('onComponentDown: %s may have arrived, and is not sent again', async (_, error) => {
    const { calledAt, calls, result } = setUp([{ ends: error }]);
    expect(await result).toBe(error);
    expect(calledAt).toHaveLength(1);
    expect(calls).toEqual([]);
  });

  it('onComponentDown: after a refusal, what comes of the connection is the result', async () => {
    const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    const { calls, result } = setUp([{ ends: refused() }, { ends: reset }]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await result).toBe(reset);
    expect(calls).toEqual(['waiting', 'connected']);
  });

  it('onComponentDown: an attempt that outlives the refusal by a second is connected, and polls go on', async () => {
    // Time has passed since the process began.
    await vi.advanceTimersByTimeAsync(30_000);
    const { calls, result } = setUp([
      { takesMs: 2_000, ends: refused() },
      { takesMs: 60_000, ends: 'fine' },
    ]);
    await vi.advanceTimersByTimeAsync(5_049);
    expect(calls).toEqual(['waiting']);
    await vi.advanceTimersByTimeAsync(52);
    expect(calls).toEqual(['waiting', 'connected']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await result).toBe('fine');
  });

  it('onComponentDown: an abort ends the waiting at once, and nothing is sent any more', async () => {
    const { calledAt, controller, calls, result } = setUp([{ ends: refused() }]);
    await vi.advanceTimersByTimeAsync(10_000);
    const before = calledAt.length;
    controller.abort();
    expect(await result).toMatchObject({ name: 'AbortError' });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calledAt).toHaveLength(before);
    expect(calls.at(-1)).toBe('connected');
  });
});
