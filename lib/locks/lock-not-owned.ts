import { LOCK_NOT_OWNED } from './types.js';

/** This owner no longer holds the lock: it has expired, and another owner may hold it. */
export class LockNotOwnedError extends Error {
  /** Distinguishes this error from others, without `instanceof`. */
  override readonly name = 'LockNotOwnedError';
  /** The code that `@verrou/core` has for this too. */
  readonly code = LOCK_NOT_OWNED;

  constructor(lockName: string) {
    super(`The lock ${JSON.stringify(lockName)} is not, or no longer, held by this owner`);
  }
}
