import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bounded, longDelay, TimeoutError } from '../lib/bounded.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const never = () => new Promise<never>(() => undefined);
const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** Whether a promise has settled yet, and how. */
function watch(promise: Promise<unknown>): { settled?: unknown } {
  const watched: { settled?: unknown } = {};
  promise.then(
    (value) => (watched.settled = ['resolved', value]),
    (error: unknown) => (watched.settled = ['rejected', error]),
  );
  return watched;
}

describe('longDelay', () => {
  it.each([
    ['a second', 1_000],
    ['as long as a timer of Node can', 2_147_483_647],
    ['a millisecond more than that', 2_147_483_648],
    ['30 days', 30 * DAY_MS],
    ['a year', 365 * DAY_MS],
  ])('waits for %s, and not a millisecond less', async (_, ms) => {
    const { signal } = new AbortController();
    const watched = watch(longDelay(signal, ms));
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(watched).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    expect(watched.settled).toEqual(['resolved', undefined]);
    expect(listeners(signal)).toBe(0);
  });

  it('waits for ever where that is wanted, and ends with its signal', async () => {
    const controller = new AbortController();
    const watched = watch(longDelay(controller.signal, Infinity));
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
    const watched = watch(longDelay(controller.signal, 60 * DAY_MS));
    await vi.advanceTimersByTimeAsync(55 * DAY_MS);
    controller.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(watched.settled).toMatchObject(['rejected', { name: 'AbortError' }]);
  });

  it('does not begin under a signal that has aborted', async () => {
    await expect(longDelay(AbortSignal.abort(), Infinity)).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

describe('bounded', () => {
  function setUp<T>(fn: (signal: AbortSignal) => Promise<T>, ms = 1_000) {
    const controller = new AbortController();
    const inner: AbortSignal[] = [];
    const promise = bounded(controller.signal, ms, (signal) => {
      inner.push(signal);
      return fn(signal);
    });
    return {
      controller,
      promise,
      watched: watch(promise),
      inner(): AbortSignal {
        const [signal, ...more] = inner;
        if (signal === undefined || more.length > 0) throw new Error('fn was not called once');
        return signal;
      },
    };
  }

  it('resolves to what fn resolves to, in time', async () => {
    let resolve: (value: string) => void = () => undefined;
    const { controller, promise } = setUp(() => new Promise<string>((r) => (resolve = r)));
    await vi.advanceTimersByTimeAsync(999);
    resolve('value');
    expect(await promise).toBe('value');
    expect(listeners(controller.signal)).toBe(0);
  });

  it('rejects with what fn rejects with', async () => {
    const error = new Error('its own');
    const { controller, promise } = setUp(() => Promise.reject(error));
    await expect(promise).rejects.toBe(error);
    expect(listeners(controller.signal)).toBe(0);
  });

  it('rejects with what fn throws before it has a promise', async () => {
    const error = new Error('at once');
    const { controller, promise } = setUp(() => {
      throw error;
    });
    await expect(promise).rejects.toBe(error);
    expect(listeners(controller.signal)).toBe(0);
  });

  it('rejects with an abort that is not ours as it is', async () => {
    const error = Object.assign(new Error('not ours'), { name: 'AbortError' });
    const { controller, promise } = setUp(() => Promise.reject(error));
    await expect(promise).rejects.toBe(error);
    expect(controller.signal.aborted).toBe(false);
  });

  it.each([1, 1_000, 30 * DAY_MS])(
    'P1: after %d ms rejects with a TimeoutError, though fn does not heed its signal',
    async (ms) => {
      const { controller, watched, inner } = setUp(never, ms);
      await vi.advanceTimersByTimeAsync(ms - 1);
      expect(watched).toEqual({});
      expect(inner().aborted).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(watched.settled).toMatchObject([
        'rejected',
        { name: 'TimeoutError', message: `No answer within ${ms} ms` },
      ]);
      expect((watched.settled as unknown[])[1]).toBeInstanceOf(TimeoutError);
      expect(inner().aborted).toBe(true);
      expect(listeners(controller.signal)).toBe(0);
      expect(listeners(inner())).toBe(0);
    },
  );

  it('a time-out is one even if fn rejects once its signal aborts', async () => {
    const { watched } = setUp(
      (signal) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(new Error('aborted, in its own words'))),
        ),
    );
    await vi.advanceTimersByTimeAsync(1_000);
    expect(watched.settled).toMatchObject(['rejected', { name: 'TimeoutError' }]);
  });

  it('has no time-out where it is Infinity', async () => {
    const { controller, watched } = setUp(never, Infinity);
    await vi.advanceTimersByTimeAsync(1_000 * DAY_MS);
    expect(watched).toEqual({});
    controller.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(watched.settled).toMatchObject(['rejected', { name: 'AbortError' }]);
  });

  it('rejects when its signal aborts, though fn does not heed its own', async () => {
    const { controller, watched, inner } = setUp(never);
    expect(listeners(controller.signal)).toBe(1);
    controller.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(watched.settled).toMatchObject(['rejected', { name: 'AbortError' }]);
    expect(inner().aborted).toBe(true);
    expect(listeners(controller.signal)).toBe(0);
    expect(listeners(inner())).toBe(0);
  });

  it('does not call fn under a signal that has aborted', async () => {
    const fn = vi.fn(never);
    await expect(bounded(AbortSignal.abort(), 1_000, fn)).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(fn).not.toHaveBeenCalled();
  });

  it.each(['time-out', 'abort'])('S3: what comes of fn after the %s is dropped', async (end) => {
    for (const late of ['resolve', 'reject'] as const) {
      let settle: () => void = () => undefined;
      const { controller, watched } = setUp(
        () =>
          new Promise<void>((resolve, reject) => {
            settle = () => (late === 'resolve' ? resolve() : reject(new Error('much too late')));
          }),
      );
      if (end === 'abort') controller.abort();
      await vi.advanceTimersByTimeAsync(1_000);
      const { settled } = watched;
      expect(settled).toMatchObject(['rejected', {}]);
      // Were this rejection unhandled, the test runner would fail this file.
      settle();
      await vi.advanceTimersByTimeAsync(1_000);
      expect(watched.settled).toBe(settled);
    }
  });

  it('settles once, by whichever comes first, and leaves nothing behind', async () => {
    const moment = fc.integer({ min: 0, max: 50 });
    await fc.assert(
      fc.asyncProperty(moment, moment, moment, fc.boolean(), async (end, abort, ms, fails) => {
        const { controller, watched, inner } = setUp(async () => {
          await new Promise((resolve) => setTimeout(resolve, end * 2));
          if (fails) throw new Error('failed');
          return 'value';
        }, ms * 2);
        // Odd moments, so that an abort never falls together with another end.
        setTimeout(() => controller.abort(), abort * 2 + 1);
        await vi.advanceTimersByTimeAsync(200);
        const [how, what] = watched.settled as [string, unknown];
        const first = Math.min(end * 2, ms * 2, abort * 2 + 1);
        if (how === 'resolved') expect([what, fails, end * 2]).toEqual(['value', false, first]);
        else if (what instanceof TimeoutError) expect(ms * 2).toBe(first);
        else if ((what as Error).message === 'failed')
          expect([fails, end * 2]).toEqual([true, first]);
        else expect([(what as Error).name, abort * 2 + 1]).toEqual(['AbortError', first]);
        expect(inner().aborted).toBe(true);
        expect(listeners(controller.signal)).toBe(0);
        expect(vi.getTimerCount()).toBe(0);
      }),
    );
  });
});
