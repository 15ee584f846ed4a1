/**
 * Makes locks in one store, which all instances share. `redisLocks`, `postgresLocks`, `mysqlLocks`
 * and `dynamoDbLocks` of `stepfunc-source/locks/…` return one; `LockFactory` of `@verrou/core` fits.
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
  /**
   * Optional: a new member of a group, which is here for `ttlMs` from each of its renewals. Touches
   * no network. With it, instances know of each other and share the pollers evenly (rule L10).
   */
  createMembership?(group: string, ttlMs: number): Membership;
}

/** One instance's being here, for others to see. */
export interface Membership {
  /**
   * Is here until now + `ttlMs`, saying `says`, a short text. Resolves to what the others say who are
   * here: each text is what its member said last. Rejects if the store did not answer.
   */
  renew(says: string): Promise<readonly string[]>;
  /** Is here no longer. */
  leave(): Promise<void>;
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

/** The table of the SQL stores unless another one is named. */
export const DEFAULT_TABLE = 'stepfunc_source_locks';
