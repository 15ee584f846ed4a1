import { formatValue } from '../common/format-value.js';
import { getProperty } from '../common/property.js';
import type { SqlCheckout, SqlConnection } from './sql-calls.js';

/** The part of a pool of mysql2 that the locks use. Pools with promises and with callbacks fit. */
export interface MySqlPool {
  /** Checks a connection out. */
  getConnection(...args: never[]): unknown;
}

/** A pool of `mysql2/promise`, or the result of `promise()` of the other kind. */
interface PromisePool {
  getConnection(): Promise<PromiseConnection>;
}

interface PromiseConnection {
  query(options: {
    sql: string;
    values: unknown[];
    rowsAsArray: false;
    nestTables: false;
  }): Promise<unknown>;
  release(): void;
  destroy(): void;
}

export function checkOutOf(pool: PromisePool): SqlCheckout {
  const before = newestOf(pool);
  const checkedOut = pool.getConnection();
  const made = newestOf(pool);
  return {
    connection: checkedOut.then(asConnection),
    // As mysql2 itself does after connectTimeout.
    end: () => made !== before && destroyStream(made),
  };
}

/** The newest connection of a pool of mysql2, even if it is still being made. */
function newestOf(pool: PromisePool): unknown {
  const all = getProperty(getProperty(pool, 'pool'), '_allConnections');
  const length = getProperty(all, 'length');
  const get = getProperty(all, 'get');
  if (typeof get !== 'function' || typeof length !== 'number' || length === 0) return undefined;
  return Reflect.apply(get, all, [length - 1]);
}

/** Whatever the connection's options ask for. */
const plainRows = { rowsAsArray: false, nestTables: false } as const;

/** Of the server status that comes with each answer. */
const IN_TRANSACTION = 1;

function asConnection(connection: PromiseConnection): SqlConnection {
  return {
    async run(sql, values) {
      const answer = await connection.query({ sql, values: [...values], ...plainRows });
      const result = getProperty(answer, '0');
      // The answer to a select has no status. Only a write could be rolled back.
      if (Array.isArray(result)) return { rows: result, affected: 0, isInTransaction: false };
      const isInTransaction = (Number(getProperty(result, 'serverStatus')) & IN_TRANSACTION) !== 0;
      return { rows: [], affected: Number(getProperty(result, 'affectedRows')), isInTransaction };
    },
    release: () => connection.release(),
    destroy() {
      connection.destroy();
      // mysql2 only says goodbye. If the server is unreachable, that would take minutes.
      destroyStream(getProperty(connection, 'connection'));
    },
  };
}

function destroyStream(connection: unknown): void {
  const stream = getProperty(connection, 'stream');
  const destroy = getProperty(stream, 'destroy');
  if (typeof destroy === 'function') Reflect.apply(destroy, stream, []);
}

export function checkPool(pool: unknown): PromisePool {
  const promise = getProperty(pool, 'promise');
  const promising: unknown =
    typeof promise === 'function' ? Reflect.apply(promise, pool, []) : pool;
  if (typeof getProperty(promising, 'getConnection') === 'function')
    return promising as PromisePool;
  throw new TypeError(
    `mysqlLocks: expected pool, made by createPool of mysql2 or mysql2/promise, got ${formatValue(pool)}`,
  );
}
