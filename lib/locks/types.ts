/**
 * Makes locks in one store that all instances share. `redisLocks`, `postgresLocks`, `mysqlLocks` and
 * `dynamoDbLocks` return one. `LockFactory` of `@verrou/core` fits too.
 */
export interface LockFactory {
  /**
   * Makes a lock, not yet acquired. Calls nothing. A lock that is acquired is valid for `ttlMs`
   * milliseconds.
   *
   * The source makes a new lock for every attempt, and each must have its own owner. Otherwise a
   * late call of an old attempt could end what a newer attempt was granted. What a store remembers
   * from one attempt to the next belongs into the factory.
   */
  createLock(name: string, ttlMs: number): Lock;
  /**
   * Makes a member of a group. Calls nothing. Each renewal is valid for `ttlMs` milliseconds. With it,
   * instances know of each other and share the pollers evenly (rule L10).
   *
   * @default instances take pollers as they come
   */
  createMembership?(group: string, ttlMs: number): Membership;
}

/** The membership of one instance in a group, which the others can see. */
export interface Membership {
  /**
   * Renews the membership for another `ttlMs`, with a short text for the others. Resolves to the last
   * texts of all other members.
   *
   * @throws the client's error, as a rejection, if the store did not answer.
   */
  renew(says: string): Promise<readonly string[]>;
  /** Ends the membership. */
  leave(): Promise<void>;
}

/** One attempt to get a lock and, if it succeeds, the lock. */
export interface Lock {
  /**
   * Tries once, without waiting. `true`: the lock is ours for `ttlMs`. `false`: another owner holds it.
   *
   * @throws the client's error, as a rejection, if the store did not answer. The lock may then be
   * acquired or not.
   */
  acquireImmediately(): Promise<boolean>;
  /**
   * Prolongs the lock to `ttlMs` milliseconds from now. Without an argument, by the ttl that it was made
   * with.
   *
   * @throws an error with the code `E_LOCK_NOT_OWNED`, as a rejection, if the lock is no longer ours.
   */
  extend(ttlMs?: number): Promise<void>;
  /**
   * Gives the lock back.
   *
   * @throws an error with the code `E_LOCK_NOT_OWNED`, as a rejection, if the lock is no longer ours.
   */
  release(): Promise<void>;
  /**
   * How many milliseconds the present holder stays valid without a renewal. It is asked after an
   * attempt that was refused, and brings the next attempt forward.
   *
   * @default free locks are tried every third of the ttl
   */
  claimableInMs?(): number | undefined;
}

/** The `code` of the error of a lock that another owner holds, or none. */
export const LOCK_NOT_OWNED = 'E_LOCK_NOT_OWNED';

/** The table of the SQL stores, unless `tableName` is given. */
export const DEFAULT_TABLE = 'stepfunc_source_locks';
