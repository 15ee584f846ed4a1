import { LOCK_NOT_OWNED } from './types.js';

/** The lock is somebody else's by now, or nobody's. */
export class LockNotOwnedError extends Error {
  override readonly name = 'LockNotOwnedError';
  readonly code = LOCK_NOT_OWNED;

  constructor(lockName: string) {
    super(`The lock ${JSON.stringify(lockName)} is not, or no longer, held by this owner`);
  }
}
