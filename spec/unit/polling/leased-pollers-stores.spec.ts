import { describe, expect, it } from 'vitest';
import type { StepFuncSourceOptions } from '../../../lib/index.js';
import { createStepFuncSource } from '../../../lib/index.js';
import { FakeSfn } from '../../../lib/testing/index.js';
import {
  createInstance,
  holding,
  pass,
  shutDown,
  takeoverMs,
  ttlMs,
} from '../../support/leased-source.js';
import type { Fault } from '../../support/fake-locks.js';
import { createFakeStore, never, NotOwned, only } from '../../support/fake-locks.js';
import { createFakeGroups } from '../../support/fake-membership.js';
import { watchTimersAndWarnings } from '../../support/fake-timers.js';
import { config, fine } from '../../support/source-on-fake.js';

watchTimersAndWarnings();

const rejection = (reason: unknown): Fault => {
  const error = reason as Error;
  return () => Promise.reject(error);
};

/** What stores have been seen to do, and what none should. */
const faults: [string, Fault][] = [
  [
    'throws at once',
    () => {
      throw new Error('not connected');
    },
  ],
  ['returns undefined', () => undefined],
  ['returns true, not promised', () => true],
  ['promises undefined', () => Promise.resolve()],
  ["promises 'OK'", () => Promise.resolve('OK')],
  ['promises 1', () => Promise.resolve(1)],
  ['never answers', never],
  [
    'answers late',
    async (call) => {
      await new Promise((resolve) => setTimeout(resolve, ttlMs / 5));
      return call.effect();
    },
  ],
  ['rejects with undefined', rejection(undefined)],
  ['rejects with null', rejection(null)],
  ['rejects with a string', rejection('WRONGTYPE')],
  ['rejects with an object without a prototype', rejection(Object.create(null))],
  ['rejects with an AbortError', rejection(Object.assign(new Error('x'), { name: 'AbortError' }))],
  ['rejects with names that are none', rejection({ name: 42, code: {}, message: Symbol('x') })],
  [
    'rejects with an error whose name throws',
    rejection({
      get name() {
        throw new Error('of the name');
      },
    }),
  ],
];

describe('Bad input: locks', () => {
  it.each([
    ['nothing in it', {}],
    ['null', null],
    ['a URL', 'redis://cache'],
    ['a createLock that is none', { createLock: true }],
    ['a store of verrou, not its factory', { save: fine, delete: fine, extend: fine }],
  ])('refuses locks with %s, and calls neither store nor AWS', async (_, locks) => {
    const sfn = new FakeSfn();
    const options = { client: sfn, locks } as unknown as StepFuncSourceOptions;
    expect(() => createStepFuncSource(config, fine, options)).toThrow(
      /expected options\.locks to be an object with createLock\(name, ttlMs\), got /,
    );
    expect(sfn.calls()).toBe(0);
  });

  it.each([999, 3_600_001, 0, -1, 1_500.5, Number.NaN, '30000', null])(
    'refuses a ttl of %j, and makes no lock',
    (lockTtlMs) => {
      const { locks, calls } = createFakeStore().instance();
      const create = createStepFuncSource as (...args: unknown[]) => unknown;
      expect(() =>
        create({ ...config, lockTtlMs }, fine, { client: new FakeSfn(), locks }),
      ).toThrow(/- lockTtlMs: expected a whole number from 1,000 to 3,600,000, got /);
      expect(calls).toEqual([]);
    },
  );

  it('takes a ttl of 1,000 ms', async () => {
    const one = await holding({ config: { lockTtlMs: 1_000 } });
    expect(one.pollers()).toEqual([0]);
    await shutDown(one);
  });
});

describe('Bad input: store calls', () => {
  const sizes = { maxConcurrency: 3 };

  it.each(faults)(
    'no poller is run on an acquire that %s: events and back-off, and a beginning once it is well',
    async (_, fault) => {
      const one = createInstance({ config: sizes });
      one.instance.fault = only('acquireImmediately', fault);
      await one.source.start();
      const waiting = one.sfn.runTask('sum', 1);
      await pass(20 * ttlMs);
      expect(one.of('leaseAcquired')).toEqual([]);
      expect(one.sfn.calls('GetActivityTask')).toBe(0);
      const failures = one.of('lockStoreFailed');
      expect(failures.length).toBeGreaterThan(10);
      for (const { error } of failures) expect(error).toMatch(/^\w+$/);
      expect(one.calls('acquireImmediately')).toBeLessThan(80);

      one.instance.fault = undefined;
      await pass(takeoverMs);
      expect(await waiting).toMatchObject({ status: 'SUCCEEDED' });
      expect(one.pollers()).toEqual([0, 1, 2]);
      await shutDown(one);
    },
  );

  it.each([
    ['throws', () => expect.unreachable('no such table')],
    ['returns undefined', () => undefined],
    ['returns null', () => null],
    ['returns half a lock', () => ({ release: async () => undefined })],
    ['promises a lock', async () => ({ acquireImmediately: async () => true })],
  ] as [string, () => unknown][])(
    'no poller is run on a createLock that %s',
    async (_, createLock) => {
      const one = createInstance({ config: sizes });
      one.instance.fault = only('createLock', createLock);
      await one.source.start();
      await pass(20 * ttlMs);
      expect(one.sfn.calls('GetActivityTask')).toBe(0);
      expect(one.of('leaseAcquired')).toEqual([]);
      expect(one.of('lockStoreFailed').length).toBeGreaterThan(10);
      await shutDown(one);
    },
  );

  const renewals = faults.filter(([what]) => !what.startsWith('promises'));
  it.each([...renewals, ['promises false', () => Promise.resolve(false)]] as [string, Fault][])(
    'a poller is run on for nine tenths of the ttl if each extend %s, and no longer',
    async (_, fault) => {
      const one = await holding();
      one.instance.fault = only('extend', fault);
      await pass(ttlMs);
      expect(one.pollers()).toEqual([]);
      expect(one.of('leaseLost')).toMatchObject([{ error: 'LeaseExpired' }]);
      expect(one.of('lockStoreFailed').length).toBeGreaterThan(1);
      const polls = one.sfn.calls('GetActivityTask');
      await pass(60_000 - 2 * ttlMs);
      expect(one.sfn.calls('GetActivityTask')).toBe(polls);

      one.instance.fault = undefined;
      await pass(60_000);
      expect(one.pollers()).toEqual([0]);
      await shutDown(one);
    },
  );

  it('a poller is lost at once if the store says that it is not ours', async () => {
    const one = await holding();
    one.instance.fault = only('extend', rejection(new NotOwned()));
    await pass(ttlMs / 3);
    expect(one.of('leaseLost')).toMatchObject([{ error: 'LeaseNotOwned' }]);
    await shutDown(one);
  });

  it('L10: a failed call about who else is here is emitted as one about no poller', async () => {
    const store = createFakeStore();
    const groups = createFakeGroups();
    const { locks } = store.instance();
    groups.down = true;
    const sfn = new FakeSfn({ longPollMs: 60_000 });
    const source = createStepFuncSource({ ...config, lockTtlMs: ttlMs }, fine, {
      client: sfn,
      locks: groups.on(locks),
    });
    const failures: unknown[] = [];
    source.on('lockStoreFailed', (event) => failures.push(event));
    await source.start();
    await pass(ttlMs);
    expect(source.status().pollers).toHaveLength(1);
    expect(failures.length).toBeGreaterThan(1);
    for (const failure of failures) {
      expect(failure).toEqual({
        activityName: 'sum',
        poller: undefined,
        error: 'Error',
        message: 'down',
      });
    }
    const stop = source.stop({ graceMs: 0 });
    await pass(60_000 + ttlMs);
    await stop;
  });

  it.each(faults)('a stop is bounded if each release %s', async (_, fault) => {
    const one = await holding({ config: sizes });
    one.instance.fault = only('release', fault);
    const stop = one.source.stop({ graceMs: 0 });
    await pass(ttlMs / 6 + 1);
    await stop;
    expect(one.of('leaseReleased')).toHaveLength(3);
    // What an answer that comes too late has still to do.
    await pass(60_000);
  });

  it.each(faults)('nothing crashes if every call %s, from start to stop', async (_, fault) => {
    const one = createInstance({ config: sizes });
    one.instance.fault = fault;
    await one.source.start();
    await pass(10 * ttlMs);
    expect(one.sfn.calls('GetActivityTask')).toBe(0);
    expect(one.source.state).toBe('running');
    await shutDown(one);
  });
});
