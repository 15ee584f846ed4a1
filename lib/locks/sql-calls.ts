import { getProperty } from '../common/property.js';
import { endIfLate } from './late-call.js';
import { createSqlQueue } from './sql-queue.js';

/** A connection checked out of a pool, with the same methods for all drivers. */
export interface SqlConnection {
  run(statement: string, values: readonly unknown[]): Promise<SqlResult>;
  /** Gives it back to the pool. */
  release(): void;
  /** Ends it, whatever it waits for. The pool opens another when it needs one. */
  destroy(error: Error): void;
  /**
   * Asks the server to cancel a statement under way. Absent if the server sees by itself that its
   * client has disconnected.
   */
  cancel?(): void;
}

export interface SqlResult {
  rows: readonly unknown[];
  /** How many rows a statement has written, if the driver says so. */
  affected: number;
  /** A transaction is open after the statement, as far as the driver shows. */
  isInTransaction: boolean;
}

/** A connection that is being checked out. */
export interface SqlCheckout {
  connection: Promise<SqlConnection>;
  /** Ends a connection that is still being made, if it is known which one that is. */
  end(): void;
}

export type SqlCall = <T>(
  ttlMs: number,
  work: (connection: Pick<SqlConnection, 'run'>) => Promise<T>,
) => Promise<T>;

/**
 * The pool gave out a connection on which the application has left a transaction open. No other
 * connection would see what is written there, and a rollback would undo it.
 */
export class OpenTransactionError extends Error {
  override readonly name = 'OpenTransactionError';

  constructor() {
    super(
      'The pool gave out a connection with a transaction left open, or with autocommit off. Commit or roll back before you release a connection.',
    );
  }
}

/**
 * Makes calls on connections of the application's pool. Each call checks out one connection. A call
 * that is late or fails ends its connection: it may be dead, or lead to a server that is no longer
 * the primary. No other connection of the pool is touched.
 */
export function createSqlCalls(checkOut: () => SqlCheckout): SqlCall {
  const queue = createSqlQueue(checkOut);
  return (ttlMs, work) =>
    endIfLate(ttlMs, async (enter, isLate) => {
      const place = queue(ttlMs);
      enter({ waitsFor: 'connection from the pool', end: () => place.leave() });
      const connection = await place.connection;
      // Another call may have it by now.
      if (isLate()) throw new Error('The call was late');
      enter({
        waitsFor: 'answer from the database',
        end(error) {
          connection.cancel?.();
          connection.destroy(error);
        },
      });
      try {
        const result = await work({ run: (...args) => runAlone(connection, ...args) });
        if (!isLate()) connection.release();
        return result;
      } catch (error) {
        if (!isLate()) connection.destroy(asError(error));
        throw error;
      }
    });
}

/** The errors of a deadlock, and of the second of two serializable transactions. */
const OUTRUN = ['40001', '40P01', 'ER_LOCK_DEADLOCK', 'ER_CHECKREAD'];
const ATTEMPTS = 3;

/** Another instance has written at the same moment. Nothing was written, and the connection is usable. */
export function isOutrun(error: unknown): boolean {
  return OUTRUN.includes(String(getProperty(error, 'code')));
}

/** Runs a statement in its own transaction, and again if another instance was faster. */
async function runAlone(
  connection: SqlConnection,
  ...statement: Parameters<SqlConnection['run']>
): Promise<SqlResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const result = await connection.run(...statement);
      if (result.isInTransaction) throw new OpenTransactionError();
      return result;
    } catch (error) {
      if (attempt === ATTEMPTS || !isOutrun(error)) throw error;
    }
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** A table's name, with or without its schema, quoted for a statement. */
export function quoteTable(tableName: unknown, quote: '"' | '`', factory: string): string {
  if (typeof tableName === 'string' && /^[\w$-]{1,64}(\.[\w$-]{1,64})?$/.test(tableName)) {
    return tableName
      .split('.')
      .map((part) => quote + part + quote)
      .join('.');
  }
  throw new TypeError(
    `${factory}: expected tableName, of letters, digits, _, $ and -, with "schema." before it or not, got ${JSON.stringify(tableName)}`,
  );
}
