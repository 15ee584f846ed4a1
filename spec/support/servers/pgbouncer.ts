import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../integration/free-port.js';
import type { OwnServer } from './own-server.js';
import { createOwnServer, temporaryFolder, whereIs } from './own-server.js';
import { answersAt, giveToUser, postgresUser } from './postgres-server.js';

export const pgbouncer = whereIs('pgbouncer', '/usr/sbin');

/** A pgbouncer of our own in transaction mode, with two connections to `server` for all its clients. */
export async function startPgbouncer(server: OwnServer): Promise<OwnServer> {
  const folder = await temporaryFolder('pgbouncer');
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/test`;
  const file = join(folder, 'pgbouncer.ini');
  const users = join(folder, 'users.txt');
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'trust',
    auth_file: users,
    pool_mode: 'transaction',
    default_pool_size: 2,
  };
  const lines = Object.entries(settings).map(([key, to]) => `${key} = ${to}`);
  const database = `test = host=127.0.0.1 port=${server.port} dbname=test`;
  await writeFile(file, ['[databases]', database, '[pgbouncer]', ...lines, ''].join('\n'));
  await writeFile(users, '"postgres" ""\n');
  for (const path of [folder, file, users]) await giveToUser(path);
  const started = createOwnServer({
    port,
    url,
    folder,
    command: pgbouncer ?? 'pgbouncer',
    args: [file],
    spawnOptions: postgresUser,
    ready: () => answersAt(url),
  });
  await started.start();
  return started;
}
