import { systemClock } from '../async/clock.js';
import { startTimer } from '../async/timer.js';
import { connectLimitMs, endIfLate } from './late-call.js';

/** A connection checked out of a pool, in the words that all drivers share. */
export interface SqlConnection {
  run(statement: string, values: readonly unknown[]): Promise<SqlResult>;
  /** Back into the pool, for whoever comes next. */
  release(): void;
  /** Ends it, whatever it waits for; the pool opens another when it needs one. */
  destroy(error: Error): void;
}

export interface SqlResult {
  rows: readonly unknown[];
  /** How many rows a statement has written, where the driver tells. */
  affected: number;
}

/** A connection on its way. */
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
 * Calls on connections of the application's pool, each checked out for one call. A call that is
 * late, or that fails, ends its connection: that one may have died without a word, or lead to a
 * server that is no longer the primary. No other connection of the pool is touched.
 */
export function createSqlCalls(checkOut: () => SqlCheckout): SqlCall {
  return (ttlMs, work) =>
    endIfLate(ttlMs, async (enter, isLate) => {
      enter({ waitsFor: 'connection from the pool' });
      const connection = await connectWithin(connectLimitMs(ttlMs), checkOut());
      if (isLate()) {
        // Nobody waits for it any longer, and nothing is wrong with it.
        connection.release();
        throw new Error('The call was late');
      }
      enter({
        waitsFor: 'answer from the database',
        end: (error) => connection.destroy(error),
      });
      try {
        const result = await work(connection);
        if (!isLate()) connection.release();
        return result;
      } catch (error) {
        if (!isLate()) connection.destroy(asError(error));
        throw error;
      }
    });
}

function connectWithin(ms: number, { connection, end }: SqlCheckout): Promise<SqlConnection> {
  return connection.finally(startTimer(ms, end, systemClock, true));
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** A table's name, with that of its schema before it or not, quoted for a statement. */
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
