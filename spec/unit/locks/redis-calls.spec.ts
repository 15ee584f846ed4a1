import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { RedisClient } from '../../../lib/locks/redis-client.js';
import { createRedisCalls } from '../../../lib/locks/redis-calls.js';

const ttlMs = 6_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An ioredis whose server takes every call and answers none. */
function silentClient() {
  const disconnect = vi.fn();
  const duplicate = vi.fn(() => ({
    status: 'wait',
    on: () => undefined,
    connect: () => Promise.resolve(),
    eval: () => new Promise(() => undefined),
    disconnect,
  }));
  const client = { status: 'wait', duplicate, connect: vi.fn(), eval: vi.fn() };
  return { client: client as unknown as RedisClient, duplicate, disconnect };
}

it('S3, L11: twenty late calls end their connection once, and the next call opens another', async () => {
  const { client, duplicate, disconnect } = silentClient();
  const call = createRedisCalls(client);
  const calls = Array.from({ length: 20 }, (_, i) => call(ttlMs, 'script', `key ${i}`));
  const outcomes = Promise.allSettled(calls);
  await vi.advanceTimersByTimeAsync(ttlMs / 2);
  expect((await outcomes).map(({ status }) => status)).toEqual(Array(20).fill('rejected'));
  expect(duplicate).toHaveBeenCalledTimes(1);
  // ioredis adds a listener to the socket with every disconnect; Node warns of eleven.
  expect(disconnect).toHaveBeenCalledTimes(1);

  const next = call(ttlMs, 'script', 'key').catch(() => undefined);
  expect(duplicate).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(ttlMs / 2);
  await next;
  expect(disconnect).toHaveBeenCalledTimes(2);
});
