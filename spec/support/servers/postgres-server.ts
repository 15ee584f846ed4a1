import { execFileSync } from 'node:child_process';
import { chown } from 'node:fs/promises';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '../integration/free-port.js';
import type { OwnServer } from './own-server.js';
import {
  createOwnServer,
  createTemplate,
  runToEnd,
  temporaryFolder,
  whereIs,
} from './own-server.js';

const DEBIAN = '/usr/lib/postgresql';
const others = existsSync(DEBIAN)
  ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin'))
  : [];

const initdb = whereIs('initdb', ...others);
const baseBackup = whereIs('pg_basebackup', ...others);
export const postgresServer = whereIs('postgres', ...others);

/** PostgreSQL refuses to run as root: it then runs as the user who is made for it. */
export const postgresUser: { uid?: number; gid?: number } =
  process.getuid?.() === 0 ? userNamed('postgres') : {};

const template = createTemplate('postgres', async (folder) => {
  await giveToUser(folder);
  const data = join(folder, 'data');
  await runToEnd(
    initdb ?? 'initdb',
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-N'],
    postgresUser,
  );
});

/** A PostgreSQL of our own, with the database `test` and no password. */
export async function startPostgresServer(): Promise<OwnServer> {
  const folder = await ownFolder();
  await template.copyTo(folder);
  const server = await serve(folder);
  const client = new pg.Client({ connectionString: server.url.replace('/test', '/postgres') });
  await client.connect();
  await client.query('create database test');
  await client.end();
  return server;
}

/** A standby that follows `primary`, until it is promoted. */
export async function startStandbyOf(primary: OwnServer): Promise<OwnServer> {
  const folder = await ownFolder();
  const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'postgres'];
  await runToEnd(
    baseBackup ?? 'pg_basebackup',
    [...from, '-D', join(folder, 'data'), '-R', '-X', 'stream', '-c', 'fast'],
    postgresUser,
  );
  return serve(folder);
}

async function serve(folder: string): Promise<OwnServer> {
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/test`;
  const data = join(folder, 'data');
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    fsync: 'off',
    max_connections: 60,
    shared_buffers: '16MB',
    wal_level: 'replica',
    log_statement: 'none',
  };
  const server = createOwnServer({
    port,
    url,
    folder,
    command: postgresServer ?? 'postgres',
    args: ['-D', data, ...Object.entries(settings).flatMap(([key, to]) => ['-c', `${key}=${to}`])],
    spawnOptions: postgresUser,
    ready: () => answersAt(url.replace('/test', '/postgres')),
  });
  await server.start();
  return server;
}

/** Rejects unless a query is answered there. */
export async function answersAt(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function ownFolder(): Promise<string> {
  const folder = await temporaryFolder('postgres');
  await giveToUser(folder);
  return folder;
}

export async function giveToUser(folder: string): Promise<void> {
  if (postgresUser.uid !== undefined)
    await chown(folder, postgresUser.uid, postgresUser.gid ?? postgresUser.uid);
}

function userNamed(name: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
