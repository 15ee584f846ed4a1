/**
 * Makes locks in one store, which all instances share. `LockFactory` of `@verrou/core` fits as it
 * is, and so does what `dynamoDbLocks` of `stepfunc-source/locks/dynamodb` returns.
 */
export interface LockFactory {
  /**
   * A lock of this name that nobody holds yet, to be held for `ttlMs` at a time. Touches no network.
   *
   * Every try to acquire is made on a new lock, with an owner of its own, so that whatever an older
   * try left behind on its way to the store can't touch what a newer one was granted. What a store
   * remembers from one try to the next therefore belongs to the factory.
   */
  createLock(name: string, ttlMs: number): Lock;
}

/** One try to hold a name, and its keeping once the try was granted. */
export interface Lock {
  /**
   * One try, no waiting. `true`: granted, for as long as `ttlMs` says. `false`: somebody else holds
   * it. Rejects where the store did not answer; the lock may then have been granted or not.
   */
  acquireImmediately(): Promise<boolean>;
  /** Prolongs to now + `ttlMs`. Rejects with code `E_LOCK_NOT_OWNED` once the lock is no longer ours. */
  extend(ttlMs?: number): Promise<void>;
  /** Gives the lock back. Rejects with code `E_LOCK_NOT_OWNED` once it is no longer ours. */
  release(): Promise<void>;
  /**
   * Optional, asked after an acquire that was refused: in how many milliseconds the present holder
   * counts as dead unless it renews. Saves a store without a clock of its own one round of tries.
   */
  claimableInMs?(): number | undefined;
}

/** The `code` of the error that tells that a lock is somebody else's, or nobody's. */
export const LOCK_NOT_OWNED = 'E_LOCK_NOT_OWNED';
