import { describe, expect, it, vi } from 'vitest';
import {
  acquireWithin,
  claimableInMs,
  createLock,
  extendWithin,
  isNotOwned,
  releaseWithin,
} from '../../../lib/leases/lock-calls.js';
import type { Clock } from '../../../lib/async/clock.js';
import type { Lock } from '../../../lib/locks/types.js';
import { never, NotOwned } from '../../support/fake-locks.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

const limitMs = 1_000;
const down = new Error('ECONNREFUSED');
const notOwned = new NotOwned('another owner has it');

/** A lock whose methods are these, and a call to it that is given as much time as it needs. */
function setUp(methods: Partial<Lock> = {}) {
  const clock = createVirtualClock();
  const release = vi.fn(methods.release ?? (async () => undefined));
  const lock: Lock = {
    acquireImmediately: async () => true,
    extend: async () => undefined,
    ...methods,
    release,
  };
  /** What a call comes to within `ms`; `pending` if it has not settled by then. */
  async function outcomeOf(call: Promise<unknown>, ms = 10 * limitMs): Promise<unknown> {
    let outcome: unknown = 'pending';
    call.then(
      (value) => (outcome = value),
      (error: unknown) => (outcome = error),
    );
    await clock.pass(ms);
    return outcome;
  }
  return { clock, lock, release, outcomeOf };
}

/** Answers that no store should give, and the error that each makes. */
const nonsense: [string, () => unknown, object][] = [
  ['returns no promise', () => true, { message: /expected a promise, got true/ }],
  ['returns undefined', () => undefined, { message: /expected a promise, got nothing/ }],
  [
    'throws',
    () => {
      throw down;
    },
    { message: /ECONNREFUSED/ },
  ],
  ['rejects', () => Promise.reject(down), { message: /ECONNREFUSED/ }],
  ['never answers', never, { name: 'TimeoutError' }],
];
const matching = ({ message, ...rest }: { message?: RegExp }) => ({
  ...rest,
  ...(message !== undefined && { message: expect.stringMatching(message) as string }),
});

describe('createLock', () => {
  const locksOf = (made: () => unknown) => ({ createLock: made as () => Lock });

  it('gives the factory the name and the ttl', () => {
    const { lock } = setUp();
    const made = vi.fn(() => lock);
    expect(createLock({ createLock: made }, 'poller', 7)).toBe(lock);
    expect(made).toHaveBeenCalledExactlyOnceWith('poller', 7);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['nothing', () => undefined, /expected a lock with .*, got nothing/],
    ['half a lock', () => ({ extend: never }), /expected a lock with .*, got an object/],
    ['a promise of a lock', async () => setUp().lock, /got a Promise/],
    ['a promise that rejects', () => Promise.reject(down), /got a Promise/],
  ])('L9: refuses a factory that makes %s', async (_, made, message) => {
    const onUnhandled = vi.fn();
    process.on('unhandledRejection', onUnhandled);
    expect(() => createLock(locksOf(made), 'poller', 7)).toThrow(message);
    await new Promise(setImmediate);
    process.off('unhandledRejection', onUnhandled);
    expect(onUnhandled).not.toHaveBeenCalled();
  });
});

describe('acquireWithin', () => {
  it.each([true, false])('a %s in time is the answer, and nothing is released', async (answer) => {
    const { clock, lock, release, outcomeOf } = setUp({ acquireImmediately: async () => answer });
    expect(await outcomeOf(acquireWithin(limitMs, lock, clock))).toBe(answer);
    expect(release).not.toHaveBeenCalled();
  });

  it.each([
    ...nonsense,
    ['promises a text', async () => 'OK', { message: /got a promise of "OK"/ }],
    ['promises nothing', async () => undefined, { message: /got a promise of nothing/ }],
  ] as typeof nonsense)(
    'L7: a store that %s may have granted it: it is released, and the call rejects',
    async (_, acquire, error) => {
      const { clock, lock, release, outcomeOf } = setUp({
        acquireImmediately: acquire as Lock['acquireImmediately'],
      });
      expect(await outcomeOf(acquireWithin(limitMs, lock, clock))).toMatchObject(matching(error));
      expect(release).toHaveBeenCalledOnce();
      expect(clock.timers()).toBe(0);
    },
  );

  it('L7: a `true` after the time limit is released once more when it comes', async () => {
    let grant: (granted: boolean) => void = () => undefined;
    const { clock, lock, release, outcomeOf } = setUp({
      acquireImmediately: () => new Promise((resolve) => (grant = resolve)),
    });
    const outcome = await outcomeOf(acquireWithin(limitMs, lock, clock));
    expect(outcome).toMatchObject({ name: 'TimeoutError' });
    expect(release).toHaveBeenCalledTimes(1);
    grant(true);
    await clock.pass(0);
    expect(release).toHaveBeenCalledTimes(2);
  });

  it('L7: a `false` after the time limit needs no release', async () => {
    let refuse: (granted: boolean) => void = () => undefined;
    const { clock, lock, release, outcomeOf } = setUp({
      acquireImmediately: () => new Promise((resolve) => (refuse = resolve)),
    });
    await outcomeOf(acquireWithin(limitMs, lock, clock));
    refuse(false);
    await clock.pass(0);
    expect(release).toHaveBeenCalledTimes(1);
  });

  it.each<[string, Lock['release']]>([
    ['rejects', () => Promise.reject(down)],
    ['never answers', never],
  ])('L9: if the release %s too, the first error counts, in bounded time', async (_, release) => {
    const acquireImmediately = () => Promise.reject(new Error('reset'));
    const { clock, lock, outcomeOf } = setUp({ acquireImmediately, release });
    const outcome = await outcomeOf(acquireWithin(limitMs, lock, clock), 2 * limitMs);
    expect(outcome).toMatchObject({ message: 'reset' });
    expect(clock.timers()).toBe(0);
  });
});

describe('extendWithin', () => {
  const { signal } = new AbortController();

  it('renews for the ttl', async () => {
    const extend = vi.fn(async () => undefined);
    const { clock, lock, outcomeOf } = setUp({ extend });
    expect(await outcomeOf(extendWithin(signal, limitMs, lock, 7_000, clock))).toBeUndefined();
    expect(extend).toHaveBeenCalledExactlyOnceWith(7_000);
  });

  it.each([
    ...nonsense,
    ['promises false', async () => false, { message: /got a promise of false/ }],
    ['says that it is not owned', () => Promise.reject(notOwned), notOwned],
  ] as typeof nonsense)('L6, L9: rejects if the store %s', async (_, extend, error) => {
    const { clock, lock, release, outcomeOf } = setUp({ extend: extend as Lock['extend'] });
    const outcome = await outcomeOf(extendWithin(signal, limitMs, lock, 7_000, clock));
    expect(outcome).toMatchObject(matching(error));
    expect(release).not.toHaveBeenCalled();
    expect(clock.timers()).toBe(0);
  });

  it('L8: an abort ends it at once', async () => {
    const { clock, lock, outcomeOf } = setUp({ extend: never });
    const controller = new AbortController();
    const renewal = extendWithin(controller.signal, limitMs, lock, 7_000, clock);
    controller.abort();
    expect(await outcomeOf(renewal, 0)).toMatchObject({ name: 'AbortError' });
    expect(clock.timers()).toBe(0);
  });
});

describe('releaseWithin', () => {
  it.each<[string, Lock['release']]>([
    ['released it', async () => undefined],
    ['says that it is not owned', () => Promise.reject(notOwned)],
  ])('resolves after one call if the store %s', async (_, answer) => {
    const { clock, lock, release, outcomeOf } = setUp({ release: answer });
    expect(await outcomeOf(releaseWithin(limitMs, lock, clock))).toBeUndefined();
    expect(release).toHaveBeenCalledOnce();
  });

  it('L8: tries three times, with waits between them', async () => {
    const { clock, lock, release, outcomeOf } = setUp({ release: () => Promise.reject(down) });
    expect(await outcomeOf(releaseWithin(limitMs, lock, clock))).toBe(down);
    expect(release).toHaveBeenCalledTimes(3);
  });

  it('L8: resolves if a later attempt succeeds', async () => {
    const { clock, lock, release, outcomeOf } = setUp();
    release.mockRejectedValueOnce(down).mockRejectedValueOnce(down);
    expect(await outcomeOf(releaseWithin(limitMs, lock, clock))).toBeUndefined();
    expect(release).toHaveBeenCalledTimes(3);
  });

  it('L9: rejects at its time limit if the store never answers', async () => {
    const { clock, lock, outcomeOf } = setUp({ release: never });
    const released = releaseWithin(limitMs, lock, clock);
    expect(await outcomeOf(released, limitMs - 1)).toBe('pending');
    expect(await outcomeOf(released, 1)).toMatchObject({ name: 'TimeoutError' });
    expect(clock.timers()).toBe(0);
  });
});

describe('a store whose calls return no promise', () => {
  const { signal } = new AbortController();
  it.each<[keyof Lock, (lock: Lock, clock: Clock) => Promise<unknown>]>([
    ['acquireImmediately', (lock, clock) => acquireWithin(limitMs, lock, clock)],
    ['extend', (lock, clock) => extendWithin(signal, limitMs, lock, 7_000, clock)],
    ['release', (lock, clock) => releaseWithin(limitMs, lock, clock)],
  ])('L9: has confirmed nothing, and is told which: %s', async (method, call) => {
    const { clock, lock, outcomeOf } = setUp({
      [method]: (() => 'OK') as unknown as Lock['release'],
    });
    expect(await outcomeOf(call(lock, clock))).toEqual(
      new TypeError(`Lock.${method}: expected a promise, got "OK" (string of 2)`),
    );
  });
});

describe('claimableInMs', () => {
  it.each<[unknown, number]>([
    [0, 0],
    [250, 250],
    [Infinity, Infinity],
    [undefined, Infinity],
    [-1, Infinity],
    [Number.NaN, Infinity],
    ['250', Infinity],
  ])('L3: %s counts as %d', (ms, expected) => {
    expect(claimableInMs(setUp({ claimableInMs: () => ms as number }).lock)).toBe(expected);
  });

  it('L3: a store that does not know says nothing', () => {
    expect(claimableInMs(setUp().lock)).toBe(Infinity);
  });
});

describe('isNotOwned', () => {
  it.each<[string, unknown, boolean]>([
    ['the code of a lock that is not owned', notOwned, true],
    ['another error', down, false],
    ['the message alone', new Error(notOwned.message), false],
    ['no error', undefined, false],
  ])('%s', (_, error, expected) => expect(isNotOwned(error)).toBe(expected));
});
