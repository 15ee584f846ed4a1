import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RedisClient } from '../../../lib/locks/redis.js';
import { redisLocks } from '../../../lib/locks/redis.js';

const ttlMs = 30_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.runAllTimers();
  vi.useRealTimers();
});

/** Locks over an ioredis whose scripts have these answers. */
function setUp(...answers: unknown[]) {
  const evaluate = vi.fn<(...args: unknown[]) => Promise<unknown>>(async () => answers.shift());
  const client = {
    status: 'ready',
    duplicate: () => client,
    on: () => undefined,
    connect: async () => undefined,
    disconnect: () => undefined,
    eval: evaluate,
  } as unknown as RedisClient;
  const locks = redisLocks({ client });
  /** What each script got besides itself and the number of its keys. */
  const sent = () => evaluate.mock.calls.map(([, , ...args]) => args);
  return { sent, locks, lock: locks.createLock('poller', ttlMs) };
}

describe('a lock in Redis', () => {
  it.each<[unknown, boolean, number | undefined]>([
    ['granted', true, undefined],
    [Buffer.from('granted'), true, undefined],
    [2_500, false, 2_500],
    ['2500', false, 2_500],
    [0, false, 0],
    // The key has no expiry, or has just gone: Redis does not know when the lock is free.
    [-1, false, undefined],
    [-2, false, undefined],
    [undefined, false, undefined],
  ])('the answer %j', async (answer, granted, claimableInMs) => {
    const { lock, sent } = setUp(answer);
    expect(await lock.acquireImmediately()).toBe(granted);
    expect(lock.claimableInMs?.()).toBe(claimableInMs);
    expect(sent()).toEqual([['poller', expect.any(String), '30000']]);
  });

  it.each(['extend', 'release'] as const)('%s: anything but 1 means not owned', async (method) => {
    for (const held of [1, '1']) {
      await expect(setUp(held).lock[method]()).resolves.toBeUndefined();
    }
    for (const notHeld of [0, '0', null, undefined]) {
      await expect(setUp(notHeld).lock[method]()).rejects.toMatchObject({
        name: 'LockNotOwnedError',
      });
    }
  });

  it('sends times in whole milliseconds, and at least one', async () => {
    const { lock, sent } = setUp(1, 1, 1);
    await lock.extend();
    await lock.extend(2.6);
    await lock.extend(0.2);
    expect(sent().map((args) => args[2])).toEqual(['30000', '3', '1']);
  });

  it('each lock is an owner of its own', async () => {
    const { locks, sent } = setUp(1, 1, 1);
    const [one, two] = [locks.createLock('poller', ttlMs), locks.createLock('poller', ttlMs)];
    for (const lock of [one, one, two]) await lock.extend();
    const [first, again, other] = sent().map((args) => args[1]);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });
});

describe('a membership in Redis', () => {
  it.each<[unknown, string[]]>([
    [
      ['a', Buffer.from('b')],
      ['a', 'b'],
    ],
    [[], []],
    [null, []],
  ])('L10: the answer %j', async (answer, others) => {
    const { locks, sent } = setUp(answer, 1);
    const membership = locks.createMembership?.('group', ttlMs);
    expect(await membership?.renew('me')).toEqual(others);
    await membership?.leave();
    const [[, member] = []] = sent();
    expect(sent()).toEqual([
      ['group', member, '30000', 'me'],
      ['group', member],
    ]);
  });
});

it.each<[unknown, string]>([
  [undefined, 'got nothing'],
  [{}, 'got nothing'],
  [{ client: {} }, 'got an object'],
])('redisLocks refuses %j', (options, got) => {
  expect(() => redisLocks(options as never)).toThrow(TypeError);
  expect(() => redisLocks(options as never)).toThrow(
    new RegExp(`^redisLocks: expected client, of ioredis or node-redis .*${got}`),
  );
});
