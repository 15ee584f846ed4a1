import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { freePort } from '../../support/integration/free-port.js';
import type { OwnServer } from '../../support/servers/own-server.js';
import { acceptsAt, createOwnServer, temporaryFolder } from '../../support/servers/own-server.js';
import { redisServer } from '../../support/servers/redis-server.js';

/**
 * - `endAll`: every connection but the operator's own
 * - `welcome`: a user that has no rights but on the database of the locks; MySQL's `root` may always write
 * - `readOnly`, `writable`: as a primary that was demoted, and promoted again
 * - `promote`: a standby
 * - `endIdle`: ends connections that are idle for 1 s, those of PostgreSQL and MySQL that are made later
 * - `serializable`: transactions are serializable, on connections made later
 * - `written`: how much was written so far, in the server's own measure
 */
export type Deed =
  | 'welcome'
  | 'endAll'
  | 'endIdle'
  | 'serializable'
  | 'readOnly'
  | 'writable'
  | 'promote'
  | 'written';

/** What an operator does to a server. Resolves to what it answers. */
export async function asOperator(
  engine: 'redis' | 'postgresql' | 'mysql',
  url: string,
  deed: Deed,
): Promise<unknown> {
  if (engine === 'redis') return onRedis(url, deed);
  if (engine === 'mysql') return onMySql(url, deed);
  return onPostgres(url, deed);
}

async function onRedis(url: string, deed: Deed): Promise<unknown> {
  if (deed === 'welcome') return url;
  const redis = new Redis(url, { enableReadyCheck: false });
  redis.on('error', () => undefined);
  try {
    if (deed === 'endAll')
      return await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    // A replica of nothing serves what it has, and is read-only.
    if (deed === 'readOnly') return await redis.call('REPLICAOF', '127.0.0.1', '1');
    if (deed === 'written') {
      return /rdb_changes_since_last_save:(\d+)/.exec(await redis.info('persistence'))?.[1];
    }
    return await redis.call('REPLICAOF', 'NO', 'ONE');
  } finally {
    redis.disconnect();
  }
}

const onPostgresDo: Record<Exclude<Deed, 'welcome'>, string> = {
  endAll:
    'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and usename is not null',
  readOnly: 'alter database test set default_transaction_read_only = on',
  writable: 'alter database test set default_transaction_read_only = off',
  endIdle: "alter database test set idle_session_timeout = '1s'",
  serializable: "alter database test set default_transaction_isolation = 'serializable'",
  promote: 'select pg_promote()',
  written: 'select txid_snapshot_xmax(txid_current_snapshot())::int as written',
};

async function onPostgres(url: string, deed: Deed): Promise<unknown> {
  if (deed === 'welcome') return url;
  // Of the operators' own database: that of the locks may be read-only.
  const client = new pg.Client({ connectionString: url.replace('/test', '/postgres') });
  await client.connect();
  try {
    const { rows } = await client.query<{ written?: number }>(onPostgresDo[deed]);
    // Connections that are open keep the setting that they began with.
    if (deed === 'readOnly') await client.query(onPostgresDo.endAll);
    return rows[0]?.written;
  } finally {
    await client.end();
  }
}

async function onMySql(url: string, deed: Deed): Promise<unknown> {
  const connection = await mysql.createConnection(url);
  try {
    if (deed === 'readOnly' || deed === 'writable') {
      await connection.query(`set global read_only = ${deed === 'readOnly' ? 1 : 0}`);
      return undefined;
    }
    if (deed === 'endIdle') return await connection.query('set global wait_timeout = 1');
    if (deed === 'serializable') {
      return await connection.query('set global transaction isolation level serializable');
    }
    if (deed === 'welcome') {
      await connection.query("create user if not exists locks@'127.0.0.1'");
      await connection.query("grant all on test.* to locks@'127.0.0.1'");
      return url.replace('root', 'locks');
    }
    if (deed === 'written') {
      const [rows] = await connection.query("show global status like 'Handler_write'");
      const [updates] = await connection.query("show global status like 'Handler_update'");
      const valueOf = (found: unknown) => Number((found as { Value: string }[])[0]?.Value);
      return valueOf(rows) + valueOf(updates);
    }
    const [all] = await connection.query('show processlist');
    for (const { Id, User } of all as { Id: number; User: string }[]) {
      if (Id === connection.threadId || User.startsWith('system')) continue;
      await connection.query(`kill ${Id}`).catch(() => undefined);
    }
    return undefined;
  } finally {
    await connection.end();
  }
}

/** A Sentinel that watches a primary by the name `locks`. */
export async function startSentinel(primaryPort: number): Promise<OwnServer> {
  const port = await freePort();
  const folder = await temporaryFolder('sentinel');
  const file = join(folder, 'sentinel.conf');
  const watch = `sentinel monitor locks 127.0.0.1 ${primaryPort} 1`;
  await writeFile(
    file,
    `bind 127.0.0.1\nport ${port}\n${watch}\nsentinel down-after-milliseconds locks 1000\n`,
  );
  await chmod(file, 0o600);
  const server = createOwnServer({
    port,
    url: `redis://127.0.0.1:${port}`,
    folder,
    command: redisServer ?? 'redis-server',
    args: [file, '--sentinel'],
    ready: () => acceptsAt(port),
  });
  await server.start();
  return server;
}
