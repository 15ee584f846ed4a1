import { formatValue } from '../common/format-value.js';
import { getProperty } from '../common/property.js';
import { cancelQuery } from './postgres-cancel.js';
import type { SqlCheckout, SqlConnection } from './sql-calls.js';

/** The part of a pool of PostgreSQL connections that the locks use. `Pool` of pg fits. */
export interface PgPool {
  /** Checks a connection out. */
  connect(): Promise<PgConnection>;
}

/** A connection checked out of the pool. */
export interface PgConnection {
  /** Sends one statement. */
  query(statement: string, values: unknown[]): Promise<{ rows: unknown[] }>;
  /** Gives the connection back to the pool. With an error, the connection is ended instead. */
  release(error?: Error): void;
}

/**
 * Checks out a connection. pg emits `error` on a connection that breaks, and without a listener it
 * ends the process. While a connection is checked out, the listener is ours.
 */
export function checkOutOf(pool: PgPool): SqlCheckout {
  const before = new Set(clientsOf(pool));
  const checkedOut = pool.connect();
  const [made] = clientsOf(pool).filter((client) => !before.has(client));
  return {
    connection: checkedOut.then(asConnection),
    // As pg itself does after connectionTimeoutMillis. Nothing else ends a connect to a silent
    // server.
    end: () => void call(getProperty(getProperty(made, 'connection'), 'stream'), 'destroy'),
  };
}

/** Those that a pool of pg has, the ones included that are being made. */
function clientsOf(pool: PgPool): unknown[] {
  const clients = getProperty(pool, '_clients');
  return Array.isArray(clients) ? clients : [];
}

function asConnection(client: PgConnection): SqlConnection {
  call(client, 'on', 'error', ignore);
  return {
    async run(statement, values) {
      const { rows } = await client.query(statement, [...values]);
      return { rows, affected: rows.length, isInTransaction: isInTransaction(client) };
    },
    release() {
      call(client, 'removeListener', 'error', ignore);
      client.release();
    },
    // The listener stays: a connection that is being ended may emit more errors.
    destroy: (error) => client.release(error),
    cancel: () => cancelQuery(client),
  };
}

/** Each answer has a status: `I` (idle), `T` (in a transaction) or `E` (in a failed one). */
function isInTransaction(client: PgConnection): boolean {
  const status = call(client, 'getTransactionStatus');
  return status === 'T' || status === 'E';
}

function ignore(): void {
  // A query under way rejects with the same error.
}

/**
 * The pools that we listen to. Each has one listener: many sources may share a pool, and Node warns
 * of eleven.
 */
const heard = new WeakSet<object>();

export function checkPool(pool: unknown): PgPool {
  if (typeof getProperty(pool, 'connect') === 'function') {
    const known = pool as PgPool;
    // If an idle connection breaks, pg emits `error` on the pool.
    if (!heard.has(known)) call(pool, 'on', 'error', ignore);
    heard.add(known);
    return known;
  }
  throw new TypeError(
    `postgresLocks: expected pool, a Pool of pg or an object with its connect(), got ${formatValue(pool)}`,
  );
}

function call(owner: unknown, method: string, ...args: unknown[]): unknown {
  const fn = getProperty(owner, method);
  return typeof fn === 'function' ? Reflect.apply(fn, owner, args) : undefined;
}
