import type { Clock } from '../async/clock.js';
import { retry } from '../async/retry.js';
import { withTimeout, TimeoutError } from '../async/timeout.js';
import { getProperty } from '../common/property.js';
import { formatValue } from '../common/format-value.js';
import type { Lock, LockFactory } from '../locks/types.js';
import { LOCK_NOT_OWNED } from '../locks/types.js';

/**
 * The three calls to a store, made with distrust: it may throw at once, answer late, never, or with
 * anything at all. Each call here settles within its bound, counts as granted only what was
 * granted, and leaves nothing behind: no timer, no listener, no unhandled rejection.
 */

/** A lock for one try. Throws a TypeError where the factory makes something else. */
export function createLock(locks: LockFactory, name: string, ttlMs: number): Lock {
  const lock: unknown = locks.createLock(name, ttlMs);
  if (typeof getProperty(lock, 'acquireImmediately') === 'function') return lock as Lock;
  // What a promise comes to is of no account, but must not go unhandled.
  Promise.resolve(lock).catch(() => undefined);
  throw new TypeError(
    `LockFactory.createLock: expected a lock with acquireImmediately, extend and release, got ${formatValue(lock)}`,
  );
}

/**
 * One try to acquire. Only a `true` in time is a grant, and only a `false` in time is a refusal: the
 * rest rejects, and since the store may have granted it unheard, the lock is given back before.
 * What comes too late is given back when it comes.
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
    if (error instanceof TimeoutError) giveBackOnceGranted(answer, lock);
    // Best effort: what fails here is the same trouble again, and the ttl ends the lease anyway.
    await releaseWithin(ms, lock, clock).catch(() => undefined);
    throw error;
  }
}

/** Prolongs by `ttlMs`. Rejects as the store did, or late. An abort of `signal` drops the answer. */
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
 * Gives the lock back, trying again after a failure as long as `ms` allows. Resolves where it was
 * given back or was not ours any longer, which comes to the same; rejects with the last failure.
 */
export function releaseWithin(ms: number, lock: Lock, clock: Clock): Promise<void> {
  return withTimeout(
    neverAborted(),
    ms,
    (signal) => retry(signal, () => release(lock), { firstMs: ms / 8, attempts: 3 }, clock),
    clock,
  );
}

/** In how long a refused lock may be worth another try, where its store can tell; else Infinity. */
export function claimableInMs(lock: Lock): number {
  const ms: unknown = lock.claimableInMs?.();
  return typeof ms === 'number' && ms >= 0 ? ms : Infinity;
}

/** Whether the store says that the lock is not ours, as against not answering properly. */
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

/** Not bounded: after the end of everything no timer may hold the process for it. */
function giveBackOnceGranted(answer: Promise<unknown>, lock: Lock): void {
  answer
    .then(async (granted) => {
      if (granted === true) await release(lock);
    })
    .catch(() => undefined);
}

async function ask(method: string, call: () => unknown): Promise<unknown> {
  const returned = call();
  // A store that returns nothing has promised nothing: its silence must not count as a success.
  if (typeof getProperty(returned, 'then') !== 'function') {
    throw new TypeError(`Lock.${method}: expected a promise, got ${formatValue(returned)}`);
  }
  return await returned;
}

/** For calls whose outcome must be known: a stop does not cut them short, their bound does. */
function neverAborted(): AbortSignal {
  return new AbortController().signal;
}
