import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { freePort } from '../integration/free-port.js';
import type { OwnServer } from './own-server.js';
import { createOwnServer, runToEnd, temporaryFolder, whereIs } from './own-server.js';

const install = whereIs('mariadb-install-db');
/** MariaDB only: MySQL's own server makes its data in another way. */
export const mysqlServer = install === undefined ? undefined : whereIs('mariadbd', '/usr/sbin');

/** A MariaDB of our own, with the database `test`, where `root` needs no password. */
export async function startMySqlServer(...more: string[]): Promise<OwnServer> {
  const folder = await temporaryFolder('mysql');
  const data = join(folder, 'data');
  const common = ['--no-defaults', `--datadir=${data}`, ...(isRoot() ? ['--user=root'] : [])];
  runToEnd(install ?? 'mariadb-install-db', [
    ...common,
    '--auth-root-authentication-method=normal',
    '--skip-name-resolve',
  ]);
  const port = await freePort();
  const url = `mysql://root@127.0.0.1:${port}/test`;
  const server = createOwnServer({
    port,
    url,
    folder,
    command: mysqlServer ?? 'mariadbd',
    args: [
      ...common,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      `--socket=${join(folder, 'socket')}`,
      `--pid-file=${join(folder, 'pid')}`,
      '--innodb-buffer-pool-size=16M',
      '--innodb-flush-log-at-trx-commit=0',
      ...more,
    ],
    async ready() {
      const connection = await mysql.createConnection(url.replace('/test', ''));
      await connection.query('create database if not exists test');
      await connection.end();
    },
  });
  await server.start();
  return server;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
