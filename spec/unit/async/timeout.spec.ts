import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import { abortAfter, withTimeout, TimeoutError } from '../../../lib/async/timeout.js';
import { listeners, watch } from '../../support/watch.js';
import { useFakeTimers } from '../../support/fake-timers.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const never = () => new Promise<never>(() => undefined);

useFakeTimers();

describe('bounded', () => {
  function setUp<T>(fn: (signal: AbortSignal) => Promise<T>, ms = 1_000) {
    const controller = new AbortController();
    const inner: AbortSignal[] = [];
    const promise = withTimeout(
      controller.signal,
      ms,
      (signal) => {
        inner.push(signal);
        return fn(signal);
      },
      systemClock,
    );
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

  it('a timeout is one even if fn rejects once its signal aborts', async () => {
    const { watched } = setUp(
      (signal) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(new Error('aborted, in its own words'))),
        ),
    );
    await vi.advanceTimersByTimeAsync(1_000);
    expect(watched.settled).toMatchObject(['rejected', { name: 'TimeoutError' }]);
  });

  it('has no timeout if it is Infinity', async () => {
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
    await expect(withTimeout(AbortSignal.abort(), 1_000, fn, systemClock)).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(fn).not.toHaveBeenCalled();
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
        const cutShort = what instanceof TimeoutError || (what as Error).name === 'AbortError';
        expect(inner().aborted).toBe(cutShort);
        expect(listeners(controller.signal)).toBe(0);
        expect(vi.getTimerCount()).toBe(0);
      }),
    );
  });
});

describe('abortLate', () => {
  const late = () => new Error('too late');

  function setUp<T>(fn: (signal: AbortSignal) => Promise<T>, ms = 1_000) {
    const controller = new AbortController();
    const watched = watch(abortAfter(controller, ms, late, fn, systemClock));
    return { controller, watched };
  }

  it.each([
    ['resolves to what fn resolves to', () => Promise.resolve('value'), ['resolved', 'value']],
    [
      'rejects with what fn rejects with',
      () => Promise.reject(new Error('its own')),
      ['rejected', new Error('its own')],
    ],
    [
      'rejects with what fn throws before it has a promise',
      () => {
        throw new Error('at once');
      },
      ['rejected', new Error('at once')],
    ],
  ] as const)('%s, and aborts nothing', async (_, fn, settled) => {
    const { controller, watched } = setUp(fn);
    await vi.advanceTimersByTimeAsync(0);
    expect(watched.settled).toEqual(settled);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(controller.signal.aborted).toBe(false);
    expect(listeners(controller.signal)).toBe(0);
  });

  it.each([1, 1_000, 30 * DAY_MS])(
    'T9: after %d ms aborts the controller with the reason, and rejects with it',
    async (ms) => {
      const { controller, watched } = setUp(never, ms);
      await vi.advanceTimersByTimeAsync(ms - 1);
      expect(watched).toEqual({});
      await vi.advanceTimersByTimeAsync(1);
      expect(watched.settled).toEqual(['rejected', late()]);
      expect(controller.signal.reason).toBe((watched.settled as unknown[])[1]);
      expect(listeners(controller.signal)).toBe(0);
    },
  );

  it('rejects with the reason of whoever aborts the controller before', async () => {
    const { controller, watched } = setUp(never);
    const reason = new Error('stopped');
    controller.abort(reason);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(watched.settled).toEqual(['rejected', reason]);
    expect(controller.signal.reason).toBe(reason);
    expect(listeners(controller.signal)).toBe(0);
  });

  it('rejects if fn itself aborts the controller, and drops what comes of it', async () => {
    const controller = new AbortController();
    const reason = new Error('by its own hand');
    const fn = async () => {
      controller.abort(reason);
      await Promise.resolve();
      throw new Error('much too late');
    };
    const watched = watch(abortAfter(controller, 1_000, late, fn, systemClock));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(watched.settled).toEqual(['rejected', reason]);
    expect(listeners(controller.signal)).toBe(0);
  });

  it('does not call fn under a controller that has aborted', async () => {
    const controller = new AbortController();
    controller.abort(new Error('before'));
    const fn = vi.fn(never);
    await expect(abortAfter(controller, 1_000, late, fn, systemClock)).rejects.toThrow('before');
    expect(fn).not.toHaveBeenCalled();
  });
});

describe.each([
  [
    'bounded',
    ({ signal }: AbortController, fn: () => Promise<void>) =>
      withTimeout(signal, 1_000, fn, systemClock),
  ],
  [
    'abortLate',
    (controller: AbortController, fn: () => Promise<void>) =>
      abortAfter(controller, 1_000, () => new Error('too late'), fn, systemClock),
  ],
] as const)('S3: what comes of fn, under %s', (_, run) => {
  it.each(['timeout', 'abort'])('after the %s is dropped', async (end) => {
    for (const how of ['resolve', 'reject'] as const) {
      let settle: () => void = () => undefined;
      const controller = new AbortController();
      const fn = () =>
        new Promise<void>((resolve, reject) => {
          settle = () => (how === 'resolve' ? resolve() : reject(new Error('much too late')));
        });
      const watched = watch(run(controller, fn));
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
});
