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

/** The argument of `redisLocks`. */
export interface RedisLocksOptions {
  /**
   * A client of ioredis 5 or 6, or of node-redis. The locks duplicate it, with its options. The client
   * itself is never used, and need not be connected.
   */
  client: RedisClient;
}

/**
 * Makes locks in Redis or Valkey. Each lock is a key that Redis ends by its own clock.
 *
 * The locks open a connection of their own, by `client.duplicate()`. It does not keep the process
 * alive, and is closed after a ttl without a call. A call may take a sixth of the ttl, at most 3 s. A
 * call that is late ends the connection, and the next one opens another, whatever timeouts and
 * retries the client has.
 *
 * @throws TypeError if `client` is no such client.
 * @example
 * ```ts
 * const locks = redisLocks({ client: new Redis('redis://localhost:6379') });
 * ```
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
