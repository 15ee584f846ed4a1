import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import { heartbeat } from '../../../lib/task/heartbeat.js';
import { awsError, fakeCalls } from '../../support/fake-calls.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function setUp(
  intervalMs: number,
  answers: Parameters<typeof fakeCalls>[0] = [],
  overrides: Parameters<typeof fakeCalls>[1] = {},
) {
  const controller = new AbortController();
  const sfn = fakeCalls(answers, overrides);
  const failures: unknown[] = [];
  const ended = heartbeat(controller.signal, sfn, 'token', {
    intervalMs,
    clock: systemClock,
    onFailed: (error) => failures.push(error),
  });
  const watched: { ended?: unknown } = {};
  ended.then(
    () => (watched.ended = 'resolved'),
    (error: unknown) => (watched.ended = error),
  );
  return {
    controller,
    sfn,
    failures,
    watched,
    beats: () => sfn.sent.length,
    async abort() {
      controller.abort();
      await vi.advanceTimersByTimeAsync(0);
      expect(watched.ended).toMatchObject({ name: 'AbortError' });
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    },
  };
}

/** The largest number that Math.random returns. */
const ALMOST_ONE = 1 - 2 ** -53;

describe('heartbeat', () => {
  it('T8: sends the token, first after one interval, then again and again', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const { sfn, beats, abort } = setUp(1_000);
    await vi.advanceTimersByTimeAsync(999);
    expect(beats()).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(sfn.sent).toEqual([['SendTaskHeartbeat', 'token']]);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(beats()).toBe(10);
    await abort();
  });

  it('T8: an interval is shortened by a fifth at most', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(ALMOST_ONE);
    const { beats, abort } = setUp(1_000);
    await vi.advanceTimersByTimeAsync(799);
    expect(beats()).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(beats()).toBe(1);
    await abort();
  });

  it('T8: no interval is longer than was asked for, and each is jittered anew', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 10, max: 1e9 }), async (intervalMs) => {
        const sentAt: number[] = [Date.now()];
        const { abort } = setUp(intervalMs, [], {
          sendTaskHeartbeat: async () => void sentAt.push(Date.now()),
        });
        await vi.advanceTimersByTimeAsync(intervalMs * 5);
        await abort();
        const pauses = sentAt.slice(1).map((at, i) => at - (sentAt[i] ?? 0));
        expect(pauses.length).toBeGreaterThanOrEqual(5);
        expect(pauses.length).toBeLessThanOrEqual(7);
        for (const pause of pauses) {
          // Timers count whole milliseconds.
          expect(pause).toBeGreaterThanOrEqual(Math.floor(intervalMs * 0.8));
          expect(pause).toBeLessThanOrEqual(intervalMs);
        }
        if (intervalMs > 10_000) expect(new Set(pauses).size).toBeGreaterThan(1);
      }),
      { numRuns: 30 },
    );
  });

  it('T8: an interval may be longer than a timer of Node can', async () => {
    const { beats, abort } = setUp(40 * 24 * 3_600_000);
    await vi.advanceTimersByTimeAsync(30 * 24 * 3_600_000);
    expect(beats()).toBe(0);
    await vi.advanceTimersByTimeAsync(10 * 24 * 3_600_000);
    expect(beats()).toBe(1);
    await abort();
  });

  it.each(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'])(
    'T8: resolves once AWS answers %s, and sends nothing more',
    async (name) => {
      const { controller, sfn, failures, watched } = setUp(1_000, ['fine', awsError(name)]);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(watched.ended).toBe('resolved');
      expect(failures).toEqual([]);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(sfn.sent).toHaveLength(2);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    },
  );

  it('T8: calls back with any other error, as it came, and goes on', async () => {
    const errors = [
      awsError('ThrottlingException', { $metadata: { httpStatusCode: 400 } }),
      awsError('InternalFailure', { $metadata: { httpStatusCode: 500 } }),
      awsError('Error', { code: 'ECONNRESET' }),
      awsError('ValidationException'),
      awsError('SyntaxError', { $metadata: { httpStatusCode: 502 } }),
      awsError('AbortError'),
    ];
    const { failures, beats, watched, abort } = setUp(1_000, [...errors, 'fine']);
    await vi.advanceTimersByTimeAsync(7_000);
    expect(failures).toHaveLength(errors.length);
    for (const [i, error] of errors.entries()) expect(failures[i]).toBe(error);
    expect(beats()).toBeGreaterThanOrEqual(7);
    expect(watched).toEqual({});
    await abort();
  });

  it.each([
    ['a second, where the interval is shorter', 100, 1_000],
    ['an interval', 3_000, 3_000],
    ['10 s, where the interval is longer', 60_000, 10_000],
  ])('T8: one that gets no response ends after %s', async (_, intervalMs, timeoutMs) => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const signals: AbortSignal[] = [];
    const { failures, abort } = setUp(intervalMs, [], {
      sendTaskHeartbeat: (_token, signal) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
    });
    await vi.advanceTimersByTimeAsync(intervalMs + timeoutMs - 1);
    expect(failures).toEqual([]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(failures.map(String)).toEqual([`TimeoutError: No answer within ${timeoutMs} ms`]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    await vi.advanceTimersByTimeAsync(intervalMs);
    expect(signals).toHaveLength(2);
    await abort();
  });

  it('ends with its signal between heartbeats', async () => {
    const { abort, beats } = setUp(1_000);
    await vi.advanceTimersByTimeAsync(500);
    await abort();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(beats()).toBe(0);
  });

  it('ends with its signal during a heartbeat, which is no failure', async () => {
    const { abort, beats, failures } = setUp(1_000, ['never']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(beats()).toBe(1);
    await abort();
    expect(failures).toEqual([]);
  });

  it('rejects with an AbortError only, at whatever moment of a failing heartbeat it is ended', async () => {
    for (const name of ['ThrottlingException', 'TaskTimedOut']) {
      // Between a rejection and who waits for it lie several turns of the microtask queue.
      for (let turns = 0; turns < 20; turns++) {
        const { controller, watched } = setUp(1_000, [], {
          sendTaskHeartbeat: async () => {
            void (async () => {
              for (let i = 0; i < turns; i++) await Promise.resolve();
              controller.abort();
            })();
            throw awsError(name);
          },
        });
        await vi.advanceTimersByTimeAsync(1_000);
        if (watched.ended !== 'resolved')
          expect(watched.ended).toMatchObject({ name: 'AbortError' });
        else expect(name).toBe('TaskTimedOut');
      }
    }
  });
});
