import { describe, expect, it, vi } from 'vitest';
import { createLease, LeaseExpired, LeaseNotOwned } from '../../../lib/leases/lease.js';
import type { Lock } from '../../../lib/locks/types.js';
import { NotOwned } from '../../support/fake-locks.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

/** Renewed every 4,000 ms, valid for 10,800 ms, tried again after 1,000 ms. */
const ttlMs = 12_000;

/** One lease on a machine whose clocks may leap, as after a suspension or a long computation. */
function setUp(methods: Partial<Lock> = {}) {
  const virtual = createVirtualClock();
  const leaps = { monotonic: 0, wall: 0 };
  const clock = {
    ...virtual,
    monotonic: () => virtual.monotonic() + leaps.monotonic,
    wall: () => virtual.wall() + leaps.wall,
    random: () => 0,
  };
  const lock = {
    acquireImmediately: async () => true,
    extend: vi.fn(async () => undefined),
    release: vi.fn(async () => undefined),
    ...methods,
  };
  const at = () => ({ monotonic: clock.monotonic(), wall: clock.wall() });
  const startedAt = at();
  const [onRenewed, onLost, onStoreFailed] = [vi.fn(), vi.fn(), vi.fn()];
  let lost = new AbortController().signal;
  let checkHeld = () => false;
  let end: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const lease = createLease(lock, startedAt, {
    ttlMs,
    clock,
    work(signal, check) {
      lost = signal;
      checkHeld = check;
      return new Promise((resolve, reject) => {
        end = resolve;
        fail = reject;
      });
    },
    ...{ onRenewed, onLost, onStoreFailed },
  });
  const ran = lease.run();
  return {
    ...{ clock, lock, lease, leaps, at, startedAt, ran, onRenewed, onLost, onStoreFailed },
    lost: () => lost,
    checkHeld: () => checkHeld(),
    fail: (error: Error) => fail(error),
    /** Ends the work, and expects that nothing is left. */
    async end() {
      end();
      await ran;
      await clock.pass(10 * ttlMs);
      expect(clock.timers()).toBe(0);
    },
  };
}

describe('L2: checkHeld', () => {
  it('L2: is true for as long as the lease is valid', async () => {
    const { leaps, checkHeld, onLost, end } = setUp();
    expect(checkHeld()).toBe(true);
    leaps.monotonic = leaps.wall = 10_799;
    expect(checkHeld()).toBe(true);
    expect(onLost).not.toHaveBeenCalled();
    await end();
  });

  it('L2: finds that it has expired, before any timer does', async () => {
    const { leaps, checkHeld, onLost, lost, lease, end } = setUp();
    leaps.monotonic = 10_800;
    expect(checkHeld()).toBe(false);
    expect(lost().aborted).toBe(true);
    expect(lease.snapshot().lost).toBe(true);
    const [[error]] = onLost.mock.calls as [[LeaseExpired]];
    expect(error).toBeInstanceOf(LeaseExpired);
    expect(lost().reason).toBe(error);
    expect(error.message).toBe('No renewal got through for 10800 ms');
    expect(error).not.toHaveProperty('cause');
    // Once only.
    expect(checkHeld()).toBe(false);
    expect(onLost).toHaveBeenCalledOnce();
    await end();
  });

  it('L2: in doubt it is false, and the store is asked at once', async () => {
    const { leaps, checkHeld, clock, lock, onLost, onRenewed, end } = setUp();
    leaps.wall = 10_800;
    expect(checkHeld()).toBe(false);
    await clock.pass(0);
    expect(lock.extend).toHaveBeenCalledExactlyOnceWith(ttlMs);
    expect(onRenewed).toHaveBeenCalledOnce();
    expect(checkHeld()).toBe(true);
    expect(onLost).not.toHaveBeenCalled();
    await end();
  });

  it('L2: as long as it is held, it asks the store nothing', async () => {
    const { checkHeld, clock, lock, end } = setUp();
    checkHeld();
    await clock.pass(3_999);
    expect(lock.extend).not.toHaveBeenCalled();
    await end();
  });
});

describe('L2: checkWallClock', () => {
  it('L2: asks the store at once if the wall clock has leapt past the lease', async () => {
    const { leaps, lease, at, clock, lock, end } = setUp();
    leaps.wall = 10_799;
    lease.checkWallClock(at());
    await clock.pass(0);
    expect(lock.extend).not.toHaveBeenCalled();
    leaps.wall = 10_800;
    lease.checkWallClock(at());
    await clock.pass(0);
    expect(lock.extend).toHaveBeenCalledOnce();
    await end();
  });

  it('L2: a leap that the store does not confirm loses the lease, with its error as cause', async () => {
    const down = new Error('down');
    const { leaps, lease, at, clock, onLost, onStoreFailed, end } = setUp({
      extend: () => Promise.reject(down),
    });
    leaps.wall = 10_800;
    lease.checkWallClock(at());
    await clock.pass(0);
    expect(onLost.mock.calls).toEqual([[expect.any(LeaseExpired)]]);
    expect(onLost.mock.calls[0]?.[0]).toMatchObject({
      message: "The wall clock leapt past the lease's 10800 ms, and the store did not confirm it",
      cause: down,
    });
    expect(onStoreFailed.mock.calls).toEqual([[down]]);
    await end();
  });
});

describe('L5: how a lease is lost', () => {
  it('L5: if another instance has it, with the words of the store as cause', async () => {
    const { clock, onLost, onStoreFailed, lock, end } = setUp({
      extend: vi.fn(() => Promise.reject(new NotOwned('taken'))),
    });
    await clock.pass(4_000);
    const [[error]] = onLost.mock.calls as [[LeaseNotOwned]];
    expect(error).toBeInstanceOf(LeaseNotOwned);
    expect(error.message).toBe('The store says that the lease is not ours');
    expect(error.cause).toMatchObject({ message: 'taken' });
    expect(onStoreFailed).not.toHaveBeenCalled();
    await clock.pass(10 * ttlMs);
    expect(lock.extend).toHaveBeenCalledOnce();
    expect(onLost).toHaveBeenCalledOnce();
    await end();
  });

  it('L5: if no renewal gets through, with the last failure as cause', async () => {
    let attempts = 0;
    const { clock, onLost, onRenewed, end } = setUp({
      extend: () => Promise.reject(new Error(`down ${(attempts += 1)}`)),
    });
    await clock.pass(10_799);
    expect(onLost).not.toHaveBeenCalled();
    await clock.pass(1);
    expect(onLost.mock.calls[0]?.[0]).toMatchObject({
      message: 'No renewal got through for 10800 ms',
      cause: { message: `down ${attempts}` },
    });
    expect(onRenewed).not.toHaveBeenCalled();
    await end();
  });

  it('L5: a failure before a good renewal is no cause of a later loss', async () => {
    const extend = vi.fn<() => Promise<undefined>>();
    extend.mockRejectedValueOnce(new Error('down')).mockResolvedValueOnce(undefined);
    const { clock, leaps, checkHeld, onLost, end } = setUp({ extend });
    await clock.pass(5_000);
    expect(extend).toHaveBeenCalledTimes(2);
    leaps.monotonic = 10_800;
    await clock.pass(4_000);
    expect(checkHeld()).toBe(false);
    expect(onLost.mock.calls[0]?.[0]).not.toHaveProperty('cause');
    await end();
  });
});

describe('L8: the end of a lease', () => {
  it('L8: is released when its work has ended, and renewed no more', async () => {
    const { clock, lock, ran, end } = setUp();
    await clock.pass(9_000);
    expect(lock.extend).toHaveBeenCalledTimes(2);
    expect(lock.release).not.toHaveBeenCalled();
    await end();
    await expect(ran).resolves.toBeUndefined();
    expect(lock.release).toHaveBeenCalledOnce();
    expect(lock.extend).toHaveBeenCalledTimes(2);
  });

  it('L9: rejects with the error of its work, and is released all the same', async () => {
    const { fail, ran, lock } = setUp();
    fail(new Error('a bug'));
    await expect(ran).rejects.toThrow('a bug');
    expect(lock.release).toHaveBeenCalledOnce();
  });

  it('L8: a release that fails is a failure of the store', async () => {
    const { clock, onStoreFailed, end } = setUp({
      release: () => Promise.reject(new Error('down')),
    });

    const ended = end();
    await clock.pass(ttlMs);
    await ended;
    expect(onStoreFailed).toHaveBeenCalledExactlyOnceWith(new Error('down'));
  });

  it('L9: a renewal that fails once the work has ended is no failure', async () => {
    let reject: (error: Error) => void = () => undefined;
    const { clock, onStoreFailed, onLost, end } = setUp({
      extend: () => new Promise((_, fails) => (reject = fails)),
    });
    await clock.pass(4_000);
    await end();
    reject(new Error('late'));
    await clock.pass(0);
    expect(onStoreFailed).not.toHaveBeenCalled();
    expect(onLost).not.toHaveBeenCalled();
  });

  it('says when it was renewed, by the wall clock', async () => {
    const { clock, lease, startedAt, end } = setUp();
    expect(lease.snapshot()).toEqual({ renewedAt: startedAt.wall, lost: false });
    await clock.pass(4_500);
    expect(lease.snapshot()).toEqual({ renewedAt: startedAt.wall + 4_000, lost: false });
    await end();
  });
});
