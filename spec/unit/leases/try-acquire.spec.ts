import { describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../../../lib/leases/try-acquire.js';
import { tryAcquire } from '../../../lib/leases/try-acquire.js';
import type { Lock, LockFactory } from '../../../lib/locks/types.js';
import { never } from '../../support/fake-locks.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

const ttlMs = 6_000;
/** Nine tenths of the ttl. */
const validMs = 5_400;

/** One attempt at a lock whose methods are these, on a machine whose wall clock may leap. */
function setUp(methods: Partial<Lock> = {}) {
  const virtual = createVirtualClock();
  let leapMs = 0;
  const clock = { ...virtual, wall: () => virtual.wall() + leapMs };
  const release = vi.fn(async () => undefined);
  const lock: Lock = { acquireImmediately: async () => true, extend: never, release, ...methods };
  const stopping = new AbortController();
  const run = async (locks: LockFactory = { createLock: () => lock }): Promise<Outcome> => {
    const outcome = tryAcquire(stopping.signal, locks, 'poller', ttlMs, clock);
    await clock.pass(ttlMs);
    return outcome;
  };
  return { clock, lock, release, stopping, run, leap: (ms: number) => void (leapMs += ms) };
}

describe('tryAcquire', () => {
  it('L2: a grant counts from the moment that it was asked for', async () => {
    const { clock, lock, release, run } = setUp({
      acquireImmediately: () =>
        new Promise((resolve) => void clock.setTimer(700, () => resolve(true))),
    });
    const requestedAt = { monotonic: clock.monotonic(), wall: clock.wall() };
    expect(await run()).toEqual({ kind: 'granted', lock, requestedAt });
    expect(release).not.toHaveBeenCalled();
  });

  it.each([
    ['in 250 ms, if the store says so', () => 250, 250],
    ['at no known time, otherwise', undefined, Infinity],
  ])('L3: a refusal says that a try is worthwhile %s', async (_, claimableInMs, inMs) => {
    const { clock, release, run } = setUp({
      acquireImmediately: async () => false,
      ...(claimableInMs === undefined ? {} : { claimableInMs }),
    });
    const claimableAt = clock.monotonic() + inMs;
    expect(await run()).toEqual({ kind: 'refused', claimableAt });
    expect(release).not.toHaveBeenCalled();
  });

  it.each<[string, number, Outcome['kind']]>([
    ['suspended for nearly as long as a lease is valid', validMs - 1, 'granted'],
    ['suspended for as long as a lease is valid', validMs, 'returned'],
    ['set back by an hour', -3_600_000, 'granted'],
  ])('L2: on a machine that was %s meanwhile', async (_, ms, kind) => {
    const { leap, release, run } = setUp({
      acquireImmediately: async () => {
        leap(ms);
        return true;
      },
    });
    expect(await run()).toMatchObject({ kind });
    expect(release).toHaveBeenCalledTimes(kind === 'returned' ? 1 : 0);
  });

  it('L8: what is granted once the source stops is released at once', async () => {
    const { stopping, release, run } = setUp({
      acquireImmediately: async () => {
        stopping.abort();
        return true;
      },
    });
    expect(await run()).toEqual({ kind: 'returned' });
    expect(release).toHaveBeenCalledOnce();
  });

  it.each<[string, Partial<Lock>, object]>([
    [
      'that rejects',
      { acquireImmediately: () => Promise.reject(new Error('down')) },
      new Error('down'),
    ],
    ['that never answers', { acquireImmediately: never }, { name: 'TimeoutError' }],
    [
      'that answers nonsense',
      { acquireImmediately: async () => 'OK' as never },
      { name: 'TypeError' },
    ],
  ])('L7: a store %s may have granted it: it is released', async (_, methods, error) => {
    const { release, run } = setUp(methods);
    expect(await run()).toMatchObject({ kind: 'failed', error });
    expect(release).toHaveBeenCalledOnce();
  });

  it.each<[string, LockFactory['createLock'], string]>([
    [
      'throws',
      () => {
        throw new Error('no connection');
      },
      'no connection',
    ],
    ['makes no lock', () => ({}) as Lock, 'expected a lock'],
  ])('L9: a factory that %s is a failure of the store', async (_, createLock, message) => {
    expect(await setUp().run({ createLock })).toMatchObject({
      kind: 'failed',
      error: { message: expect.stringContaining(message) as string },
    });
  });

  it('L9: leaves no timer behind, even if the store never settles', async () => {
    const { clock, run } = setUp({ acquireImmediately: never, release: never });
    expect(await run()).toMatchObject({ kind: 'failed' });
    expect(clock.timers()).toBe(0);
  });
});
