import { randomUUID } from 'node:crypto';
import { getProperty } from '../common/property.js';
import { LockNotOwnedError } from './lock-not-owned.js';
import { createRedisCalls } from './redis-calls.js';
import type { RedisClient } from './redis-client.js';
import { checkRedisClient } from './redis-client.js';
import { ACQUIRE, EXTEND, RELEASE, REMOVE_MEMBER, RENEW_MEMBER } from './redis-scripts.js';
import type { Lock, LockFactory, Membership } from './types.js';

export type { RedisClient } from './redis-client.js';
export type { Lock, LockFactory, Membership } from './types.js';
export { LockNotOwnedError } from './lock-not-owned.js';

/** What `redisLocks` takes. */
export interface RedisLocksOptions {
  /**
   * Of ioredis 5 or 6, or of node-redis. The locks use a duplicate of it, with its options; the
   * client itself is not touched, and need not even be connected.
   */
  client: RedisClient;
}

/**
 * Locks in Redis or Valkey: a key a lock, which Redis ends by its own clock.
 *
 * They live on a connection of their own, made by `client.duplicate()`. It is opened by the first
 * call, does not keep the process alive, and is closed once there was no call for a ttl. Each call
 * takes a sixth of the ttl at most, and 3 s: one that is late ends the connection, and the next one
 * opens another, whatever time-outs and retries the client's options ask for.
 *
 * @throws TypeError if `client` is no such client.
 * @example
 * const locks = redisLocks({ client: new Redis('redis://localhost:6379') });
 */
export function redisLocks(options: RedisLocksOptions): LockFactory {
  const call = createRedisCalls(checkRedisClient(getProperty(options, 'client')));

  function createLock(name: string, ttlMs: number): Lock {
    const owner = randomUUID();
    let claimableInMs: number | undefined;

    async function callOwned(script: string, ...args: string[]): Promise<void> {
      if (Number(await call(ttlMs, script, name, owner, ...args)) !== 1) {
        throw new LockNotOwnedError(name);
      }
    }

    return {
      async acquireImmediately() {
        const answer = await call(ttlMs, ACQUIRE, name, owner, ms(ttlMs));
        if (String(answer) === 'granted') return true;
        claimableInMs = Number(answer) >= 0 ? Number(answer) : undefined;
        return false;
      },
      extend: (byMs = ttlMs) => callOwned(EXTEND, ms(byMs)),
      release: () => callOwned(RELEASE),
      claimableInMs: () => claimableInMs,
    };
  }

  function createMembership(group: string, ttlMs: number): Membership {
    const member = randomUUID();
    return {
      async renew(says) {
        const others = await call(ttlMs, RENEW_MEMBER, group, member, ms(ttlMs), says);
        return Array.isArray(others) ? others.map(String) : [];
      },
      async leave() {
        await call(ttlMs, REMOVE_MEMBER, group, member);
      },
    };
  }

  return { createLock, createMembership };
}

/** Redis takes whole milliseconds only. */
function ms(value: number): string {
  return String(Math.max(1, Math.round(value)));
}
