import postgres from 'postgres';
import type { PgPool } from '../../../lib/locks/postgres.js';

/** What docs/cluster.md says of postgres.js: connections of the locks' own, ended by `release(error)`. */
export function createPostgresJsPool(url: string): { pool: PgPool; close(): Promise<void> } {
  let sql = postgres(url, { max: 2 });
  const renew = () => [sql.end({ timeout: 0 }), (sql = postgres(url, { max: 2 }))];
  const pool: PgPool = {
    connect: async () => ({
      query: async (text, values) => ({ rows: await sql.unsafe(text, values as never[]) }),
      release: (error) => error && renew(),
    }),
  };
  return { pool, close: () => sql.end({ timeout: 0 }) };
}
