import { randomUUID } from 'node:crypto';
import { getProperty } from '../common/property.js';
import { LockNotOwnedError } from './lock-not-owned.js';
import type { MySqlPool } from './mysql-pool.js';
import { checkOutOf, checkPool } from './mysql-pool.js';
import type { SqlConnection } from './sql-calls.js';
import { createSqlCalls, isOutrun, quoteTable } from './sql-calls.js';
import type { Lock, LockFactory, Membership } from './types.js';
import { DEFAULT_TABLE } from './types.js';

export type { MySqlPool } from './mysql-pool.js';
export type { Lock, LockFactory, Membership } from './types.js';
export { LockNotOwnedError } from './lock-not-owned.js';

/** The argument of `mysqlLocks`. */
export interface MySqlLocksOptions {
  /** Each call checks out one connection and gives it back. The locks never end the pool. */
  pool: MySqlPool;
  /**
   * The table, with or without its database (`app.locks`). {@link MySqlLocks.ensureTable} makes it.
   *
   * @default 'stepfunc_source_locks'
   */
  tableName?: string | undefined;
}

/** Locks in MySQL or MariaDB, with a function that makes their table. */
export interface MySqlLocks extends LockFactory {
  /**
   * Makes the table if there is none. That needs the right to create one.
   *
   * @throws the database's error, as a rejection, if the table can't be made.
   */
  ensureTable(): Promise<void>;
}

type Run = SqlConnection['run'];

/** The server's clock, whatever time zone a session has. */
const NOW = 'utc_timestamp(6)';
const EXPIRY = `${NOW} + interval ? microsecond`;
const LEFT = `timestampdiff(microsecond, ${NOW}, expires_at)`;

/**
 * Makes locks in a table of MySQL or MariaDB. Each lock that is held is a row. Only the server's clock
 * counts, and names are compared byte by byte. A call is one statement, or two if the lock is free.
 * An attempt at a lock that is held only reads, and locks no row.
 *
 * A call may take a sixth of the ttl, at most 3 s, the wait for a connection included. If it is late
 * or fails, it ends the connection that it has checked out.
 *
 * @throws TypeError if `pool` is no pool of mysql2, or if `tableName` is no name.
 * @example
 * ```ts
 * const locks = mysqlLocks({ pool: createPool(process.env.MYSQL_URL ?? '') });
 * await locks.ensureTable();
 * ```
 */
export function mysqlLocks(options: MySqlLocksOptions): MySqlLocks {
  const pool = checkPool(getProperty(options, 'pool'));
  const tableName = getProperty(options, 'tableName') ?? DEFAULT_TABLE;
  const table = quoteTable(tableName, '`', 'mysqlLocks');
  const call = createSqlCalls(() => checkOutOf(pool));
  const write = async (ttlMs: number, statement: string, ...values: unknown[]) =>
    (await call(ttlMs, ({ run }) => run(statement, values))).affected > 0;

  function createLock(name: string, ttlMs: number): Lock {
    const owner = randomUUID();
    let claimableInMs: number | undefined;

    async function acquire(run: Run): Promise<boolean> {
      const { rows } = await run(`select ${LEFT} as us from ${table} where name = ?`, [name]);
      const leftMs = rows.length === 0 ? undefined : Number(getProperty(rows[0], 'us')) / 1_000;
      if (leftMs === undefined) {
        return run(insertInto(table), [name, owner, microseconds(ttlMs)]).then(
          isWritten,
          falseIfOutrun,
        );
      }
      if (leftMs > 0) {
        claimableInMs = leftMs;
        return false;
      }
      return run(takeOverIn(table), [owner, microseconds(ttlMs), name]).then(
        isWritten,
        falseIfOutrun,
      );
    }

    return {
      acquireImmediately: () => call(ttlMs, ({ run }) => acquire(run)),
      async extend(byMs = ttlMs) {
        const held = await write(ttlMs, extendIn(table), microseconds(byMs), name, owner);
        if (!held) throw new LockNotOwnedError(name);
      },
      async release() {
        const held = await write(ttlMs, releaseIn(table), name, owner);
        if (!held) throw new LockNotOwnedError(name);
      },
      claimableInMs: () => claimableInMs,
    };
  }

  function createMembership(group: string, ttlMs: number): Membership {
    const member = `${group}/${randomUUID()}`;

    async function renew(run: Run, says: string): Promise<string[]> {
      await run(renewMemberIn(table), [member, says, microseconds(ttlMs)]);
      // All names that begin with `group/`: 0 is the character after the slash.
      const { rows } = await run(membersIn(table), [`${group}/`, `${group}0`, member]);
      const others = rows.map((row) => ({
        name: getProperty(row, 'name'),
        says: String(getProperty(row, 'owner')),
        leftMs: Number(getProperty(row, 'us')) / 1_000,
      }));
      const expired = others.filter(({ leftMs }) => leftMs < -ttlMs).map(({ name }) => name);
      if (expired.length > 0) await run(clearIn(table), [expired]);
      return others.filter(({ leftMs }) => leftMs > 0).map((other) => other.says);
    }

    return {
      renew: (says) => call(ttlMs, ({ run }) => renew(run, says)),
      async leave() {
        await write(ttlMs, `delete from ${table} where name = ?`, member);
      },
    };
  }

  return {
    createLock,
    createMembership,
    async ensureTable() {
      // Looked for first: "if not exists" needs the right to create a table even if there is one.
      await write(60_000, `select 1 from ${table} limit 0`).catch(async (error: unknown) => {
        if (getProperty(error, 'code') !== 'ER_NO_SUCH_TABLE') throw error;
        await write(60_000, createTable(table));
      });
    },
  };
}

function createTable(table: string): string {
  return `create table if not exists ${table} (
  name varbinary(512) not null primary key,
  owner varchar(255) character set utf8mb4 collate utf8mb4_bin not null,
  expires_at datetime(6) not null
) engine = InnoDB`;
}

function insertInto(table: string): string {
  return `insert into ${table} (name, owner, expires_at) values (?, ?, ${EXPIRY})`;
}

function takeOverIn(table: string): string {
  return `update ${table} set owner = ?, expires_at = ${EXPIRY}
where name = ? and expires_at <= ${NOW}`;
}

function extendIn(table: string): string {
  return `update ${table} set expires_at = ${EXPIRY}
where name = ? and owner = ? and expires_at > ${NOW}`;
}

function releaseIn(table: string): string {
  return `delete from ${table} where name = ? and owner = ? and expires_at > ${NOW}`;
}

function renewMemberIn(table: string): string {
  return `insert into ${table} (name, owner, expires_at) values (?, ?, ${EXPIRY})
on duplicate key update owner = values(owner), expires_at = values(expires_at)`;
}

function membersIn(table: string): string {
  return `select name, owner, ${LEFT} as us from ${table}
where name >= ? and name < ? and name <> ?`;
}

function clearIn(table: string): string {
  return `delete from ${table} where name in (?) and expires_at < ${NOW}`;
}

function isWritten({ affected }: { affected: number }): boolean {
  return affected > 0;
}

/** Another instance has written at the same moment: that is a refusal. */
function falseIfOutrun(error: unknown): boolean {
  if (isOutrun(error) || getProperty(error, 'code') === 'ER_DUP_ENTRY') return false;
  throw error;
}

function microseconds(ms: number): number {
  return Math.max(1, Math.round(ms * 1_000));
}
