import type { Clock } from '../async/clock.js';
import { retry } from '../async/retry.js';
import { withTimeout } from '../async/timeout.js';
import { getProperty } from '../common/property.js';
import { formatValue } from '../common/format-value.js';
import type { Lock, LockFactory } from '../locks/types.js';
import { LOCK_NOT_OWNED } from '../locks/types.js';

/**
 * The three calls to a store. A store may throw at once, answer late or never, or answer with any
 * value. Each call here settles within its time limit. Only a clear `true` counts as acquired. No
 * timer, listener or unhandled rejection is left behind.
 */

/**
 * Makes a lock for one attempt.
 *
 * @throws TypeError if the factory makes something else.
 */
export function createLock(locks: LockFactory, name: string, ttlMs: number): Lock {
  const lock: unknown = locks.createLock(name, ttlMs);
  if (typeof getProperty(lock, 'acquireImmediately') === 'function') return lock as Lock;
  // The promise is not used, but its rejection must not go unhandled.
  Promise.resolve(lock).catch(() => undefined);
  throw new TypeError(
    `LockFactory.createLock: expected a lock with acquireImmediately, extend and release, got ${formatValue(lock)}`,
  );
}

/**
 * Tries to acquire once. Only a `true` in time is an acquire, and only a `false` in time is a
 * refusal. Anything else rejects. The store may have acquired it all the same, so that the lock is
 * released before. It is also released after an answer that comes too late.
 */
export async function acquireWithin(ms: number, lock: Lock, clock: Clock): Promise<boolean> {
  const answer = ask('acquireImmediately', () => lock.acquireImmediately());
  try {
    const granted = await withTimeout(neverAborted(), ms, () => answer, clock);
    if (typeof granted === 'boolean') return granted;
    throw new TypeError(
      `Lock.acquireImmediately: expected a promise of true or false, got a promise of ${formatValue(granted)}`,
    );
  } catch (error) {
    giveBackOnceGranted(answer, lock);
    // If this fails too, the ttl ends the lease.
    await releaseWithin(ms, lock, clock).catch(() => undefined);
    throw error;
  }
}

/**
 * Renews for `ttlMs`. Rejects with the store's error, or if the store is late. If `signal` aborts,
 * the answer is dropped.
 */
export async function extendWithin(
  signal: AbortSignal,
  ms: number,
  lock: Lock,
  ttlMs: number,
  clock: Clock,
): Promise<void> {
  const answer = await withTimeout(
    signal,
    ms,
    () => ask('extend', () => lock.extend(ttlMs)),
    clock,
  );
  if (answer === false) {
    throw new TypeError(
      `Lock.extend: expected a promise of nothing, or one that rejects with code ${LOCK_NOT_OWNED}, got a promise of false`,
    );
  }
}

/**
 * Releases the lock, with attempts for as long as `ms` allows. Resolves if it is released or was no
 * longer ours. Rejects with the last failure.
 */
export function releaseWithin(ms: number, lock: Lock, clock: Clock): Promise<void> {
  return withTimeout(
    neverAborted(),
    ms,
    (signal) => retry(signal, () => release(lock), { firstMs: ms / 8, attempts: 3 }, clock),
    clock,
  );
}

/**
 * In how many milliseconds a refused lock may be free, if its store says so. Infinity otherwise.
 */
export function claimableInMs(lock: Lock): number {
  const ms: unknown = lock.claimableInMs?.();
  return typeof ms === 'number' && ms >= 0 ? ms : Infinity;
}

/** Whether the store says that the lock is not ours. Other errors say nothing of that. */
export function isNotOwned(error: unknown): boolean {
  return getProperty(error, 'code') === LOCK_NOT_OWNED;
}

async function release(lock: Lock): Promise<void> {
  try {
    await ask('release', () => lock.release());
  } catch (error) {
    if (!isNotOwned(error)) throw error;
  }
}

/**
 * A `true` may come after the time limit. This waits for it without one: after the end of a source
 * no timer may hold the process.
 */
function giveBackOnceGranted(answer: Promise<unknown>, lock: Lock): void {
  answer
    .then(async (granted) => {
      if (granted === true) await release(lock);
    })
    .catch(() => undefined);
}

async function ask(method: string, call: () => unknown): Promise<unknown> {
  const returned = call();
  // A store that returns no promise has not confirmed anything, and this must not count as success.
  if (typeof getProperty(returned, 'then') !== 'function') {
    throw new TypeError(`Lock.${method}: expected a promise, got ${formatValue(returned)}`);
  }
  return await returned;
}

/** For calls whose outcome must be known: a stop does not end them, but their time limit does. */
function neverAborted(): AbortSignal {
  return new AbortController().signal;
}
