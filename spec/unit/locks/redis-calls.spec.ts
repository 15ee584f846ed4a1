import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RedisClient } from '../../../lib/locks/redis-client.js';
import { createRedisCalls } from '../../../lib/locks/redis-calls.js';

const ttlMs = 6_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An ioredis, or a node-redis, whose server takes every call and answers none. */
function silentClient(kind: 'ioredis' | 'node-redis') {
  const end = vi.fn();
  const duplicate = vi.fn(() => ({
    ...(kind === 'ioredis' ? { status: 'ready', disconnect: end } : { isOpen: true, destroy: end }),
    on: () => undefined,
    unref: () => undefined,
    connect: () => Promise.resolve(),
    eval: vi.fn<() => Promise<unknown>>(() => new Promise(() => undefined)),
  }));
  const client = {
    ...(kind === 'ioredis' ? { status: 'wait' } : {}),
    duplicate,
    connect: vi.fn(),
    eval: vi.fn(),
  };
  return { client: client as unknown as RedisClient, duplicate, end };
}

describe.each(['ioredis', 'node-redis'] as const)('a connection of %s', (kind) => {
  it('S3, L11: twenty late calls end their connection once, and the next call opens another', async () => {
    const { client, duplicate, end } = silentClient(kind);
    const call = createRedisCalls(client);
    const calls = Array.from({ length: 20 }, (_, i) => call(ttlMs, 'script', `key ${i}`));
    const outcomes = Promise.allSettled(calls);
    await vi.advanceTimersByTimeAsync(ttlMs / 2);
    expect((await outcomes).map(({ status }) => status)).toEqual(Array(20).fill('rejected'));
    expect(duplicate).toHaveBeenCalledTimes(1);
    // ioredis adds a listener to the socket with every disconnect; Node warns of eleven.
    expect(end).toHaveBeenCalledTimes(1);

    const next = call(ttlMs, 'script', 'key').catch(() => undefined);
    expect(duplicate).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(ttlMs / 2);
    await next;
    expect(end).toHaveBeenCalledTimes(2);
  });

  it('L11: one that the server has closed while it was idle costs no call', async () => {
    const { client, duplicate } = silentClient(kind);
    const call = createRedisCalls(client);
    const answering = () => {
      const { value } = duplicate.mock.results.at(-1) as {
        value: { eval: { mockResolvedValue(answer: string): void } };
      };
      value.eval.mockResolvedValue('answer');
      return value;
    };
    const first = call(ttlMs, 'script', 'key');
    const closed = answering();
    expect(await first).toBe('answer');
    Object.assign(closed, { status: 'end', isOpen: false });
    const second = call(ttlMs, 'script', 'key');
    expect(duplicate).toHaveBeenCalledTimes(2);
    answering();
    expect(await second).toBe('answer');
  });
});

it('S4: connections that hold the process are closed soon after the last call', async () => {
  const { client, duplicate, end } = silentClient('node-redis');
  // As a sentinel client of node-redis, which hides its connections.
  const sentinel = {
    ...client,
    duplicate: () => ({
      ...duplicate(),
      unref: undefined,
      eval: () => Promise.resolve('answer'),
    }),
  } as unknown as RedisClient;
  const call = createRedisCalls(sentinel);
  await call(ttlMs, 'script', 'key');
  await vi.advanceTimersByTimeAsync(600);
  expect(end).toHaveBeenCalledOnce();
});
