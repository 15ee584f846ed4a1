import { randomUUID } from 'node:crypto';
import { getProperty } from '../common/property.js';
import { LockNotOwnedError } from './lock-not-owned.js';
import type { PgPool } from './postgres-pool.js';
import { checkOutOf, checkPool } from './postgres-pool.js';
import { createSqlCalls, isOutrun, quoteTable } from './sql-calls.js';
import type { Lock, LockFactory, Membership } from './types.js';
import { DEFAULT_TABLE } from './types.js';

export type { PgConnection, PgPool } from './postgres-pool.js';
export type { Lock, LockFactory, Membership } from './types.js';
export { LockNotOwnedError } from './lock-not-owned.js';

/** The argument of `postgresLocks`. */
export interface PostgresLocksOptions {
  /** Each call checks out one connection and gives it back. The locks never end the pool. */
  pool: PgPool;
  /**
   * The table, with or without its schema (`app.locks`). {@link PostgresLocks.ensureTable} makes it.
   *
   * @default 'stepfunc_source_locks'
   */
  tableName?: string | undefined;
}

/** Locks in PostgreSQL, with a function that makes their table. */
export interface PostgresLocks extends LockFactory {
  /**
   * Makes the table if there is none. That needs the right to create one.
   *
   * @throws the database's error, as a rejection, if the table can't be made.
   */
  ensureTable(): Promise<void>;
}

/** When a lock that is acquired now expires, by the server's clock. `$3` is in milliseconds. */
const EXPIRY = "clock_timestamp() + $3::float8 * interval '1 millisecond'";

/**
 * Makes locks in a table of PostgreSQL. Each lock that is held is a row. Only the server's clock
 * counts, and names are compared byte by byte. Each call is one statement in its own transaction, so
 * that a pooler in transaction mode will do. An attempt at a lock that is held only reads.
 *
 * A call may take a sixth of the ttl, at most 3 s, the wait for a connection included. If it is late
 * or fails, it ends the connection that it has checked out.
 *
 * The locks listen to the pool's event `error`: without a listener, pg ends the process when an idle
 * connection breaks.
 *
 * @throws TypeError if `pool` is no pool of pg, or if `tableName` is no name.
 * @example
 * ```ts
 * const locks = postgresLocks({ pool: new Pool({ connectionString: process.env.DATABASE_URL }) });
 * await locks.ensureTable();
 * ```
 */
export function postgresLocks(options: PostgresLocksOptions): PostgresLocks {
  const pool = checkPool(getProperty(options, 'pool'));
  const tableName = getProperty(options, 'tableName') ?? DEFAULT_TABLE;
  const table = quoteTable(tableName, '"', 'postgresLocks');
  const call = createSqlCalls(() => checkOutOf(pool));
  const query = async (ttlMs: number, statement: string, ...values: unknown[]) =>
    (await call(ttlMs, (connection) => connection.run(statement, values))).rows;

  function createLock(name: string, ttlMs: number): Lock {
    const owner = randomUUID();
    let claimableInMs: number | undefined;

    return {
      async acquireImmediately() {
        const [row] = await query(ttlMs, acquireIn(table), name, owner, ttlMs).catch(noneIfOutrun);
        const left = getProperty(row, 'left_ms');
        claimableInMs = typeof left === 'number' ? Math.max(0, left) : undefined;
        return getProperty(row, 'granted') === true;
      },
      async extend(byMs = ttlMs) {
        const rows = await query(ttlMs, extendIn(table), name, owner, byMs);
        if (rows.length === 0) throw new LockNotOwnedError(name);
      },
      async release() {
        const [row] = await query(ttlMs, releaseIn(table), name, owner);
        if (getProperty(row, 'held') !== true) throw new LockNotOwnedError(name);
      },
      claimableInMs: () => claimableInMs,
    };
  }

  function createMembership(group: string, ttlMs: number): Membership {
    const member = `${group}/${randomUUID()}`;
    // All names that begin with `group/`: 0 is the character after the slash.
    const range = [`${group}/`, `${group}0`];
    return {
      async renew(says) {
        const rows = await query(ttlMs, renewMemberIn(table), member, says, ttlMs, ...range);
        return rows.map((row) => String(getProperty(row, 'owner')));
      },
      async leave() {
        await query(ttlMs, `delete from ${table} where name = $1`, member);
      },
    };
  }

  return {
    createLock,
    createMembership,
    async ensureTable() {
      // Looked for first: "if not exists" needs the right to create a table even if there is one.
      const missing = await codeOf(query(60_000, `select 1 from ${table} limit 0`), ['42P01']);
      // "If not exists" is not atomic: of two instances at once, one may fail with these.
      const outrun = ['23505', '42P07', '42710'];
      if (missing !== undefined) await codeOf(query(60_000, createTable(table)), outrun);
    },
  };
}

function createTable(table: string): string {
  return `create table if not exists ${table} (
  name text collate "C" primary key,
  owner text not null,
  expires_at timestamptz not null
)`;
}

/** Takes the name if it is free; otherwise answers how long its holder stays valid. */
function acquireIn(table: string): string {
  return `with held as materialized (
  select extract(epoch from expires_at - clock_timestamp())::float8 * 1000 as left_ms
  from ${table} where name = $1 and expires_at > clock_timestamp()
), taken as (
  insert into ${table} as present (name, owner, expires_at)
  select $1, $2, ${EXPIRY} where not exists (select from held)
  on conflict (name) do update set owner = excluded.owner, expires_at = excluded.expires_at
  where present.expires_at <= clock_timestamp()
  returning 1
)
select exists (select from taken) as granted, (select left_ms from held) as left_ms`;
}

function extendIn(table: string): string {
  return `update ${table} set expires_at = ${EXPIRY}
where name = $1 and owner = $2 and expires_at > clock_timestamp()
returning 1`;
}

function releaseIn(table: string): string {
  return `delete from ${table} where name = $1 and owner = $2
returning expires_at > clock_timestamp() as held`;
}

/**
 * Renews a member, removes members that have not renewed for two ttl, and reads the others. It skips
 * rows that another instance has locked, so that no two wait for each other.
 */
function renewMemberIn(table: string): string {
  return `with renewed as (
  insert into ${table} (name, owner, expires_at) values ($1, $2, ${EXPIRY})
  on conflict (name) do update set owner = excluded.owner, expires_at = excluded.expires_at
), cleared as (
  delete from ${table} where name in (
    select name from ${table}
    where name >= $4 and name < $5 and name <> $1
      and expires_at < clock_timestamp() - $3::float8 * interval '1 millisecond'
    for update skip locked
  )
)
select owner from ${table}
where name >= $4 and name < $5 and name <> $1 and expires_at > clock_timestamp()`;
}

/** The code of the error, if it is one of these. Undefined if there was no error. */
async function codeOf(
  answer: Promise<unknown>,
  expected: readonly string[],
): Promise<string | undefined> {
  try {
    await answer;
    return undefined;
  } catch (error) {
    const code = String(getProperty(error, 'code'));
    if (expected.includes(code)) return code;
    throw error;
  }
}

/** If transactions are serializable, the second of two gets an error, which is a refusal here. */
function noneIfOutrun(error: unknown): unknown[] {
  if (isOutrun(error)) return [];
  throw error;
}
