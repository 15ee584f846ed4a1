import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { freePort } from '../integration/free-port.js';
import type { OwnServer } from './own-server.js';
import {
  createOwnServer,
  createTemplate,
  runToEnd,
  temporaryFolder,
  whereIs,
} from './own-server.js';

const install = whereIs('mariadb-install-db');
/** MariaDB only: MySQL's own server makes its data in another way. */
export const mysqlServer = install === undefined ? undefined : whereIs('mariadbd', '/usr/sbin');

const template = createTemplate('mysql', (folder) =>
  runToEnd(install ?? 'mariadb-install-db', [
    ...commonArgs(folder),
    '--auth-root-authentication-method=normal',
    '--skip-name-resolve',
  ]),
);

/** A MariaDB of our own, with the database `test`, where `root` needs no password. */
export async function startMySqlServer(...more: string[]): Promise<OwnServer> {
  const folder = await temporaryFolder('mysql');
  await template.copyTo(folder);
  const port = await freePort();
  const url = `mysql://root@127.0.0.1:${port}/test`;
  const server = createOwnServer({
    port,
    url,
    folder,
    command: mysqlServer ?? 'mariadbd',
    args: [
      ...commonArgs(folder),
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

function commonArgs(folder: string): string[] {
  return [
    '--no-defaults',
    `--datadir=${join(folder, 'data')}`,
    // A server that starts removes the temporary tables of all servers with the same folder for them.
    `--tmpdir=${folder}`,
    // The least that there is: a hundred megabytes would be copied for each server.
    '--innodb-log-file-size=4M',
    ...(isRoot() ? ['--user=root'] : []),
  ];
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
