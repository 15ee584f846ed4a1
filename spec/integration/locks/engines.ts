import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as pass } from 'node:timers/promises';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { startRedisInJavaScript } from '../../support/redis-in-javascript.js';
import { freePort } from '../../support/integration/free-port.js';
import type { Client, Connection } from './connect.js';
import { connectTo, dynamoDbClient, tableName } from './connect.js';
import type { Network } from './network.js';
import { createNetwork } from './network.js';

/** A kind of store that locks are tried on. */
export interface Engine {
  name: string;
  /** Set: why it can't be had on this machine. */
  missing?: string | undefined;
  /** Set: the clocks of its clients are compared, and must agree. */
  comparesWallClocks?: boolean;
  start(): Promise<RunningEngine>;
}

export interface RunningEngine {
  /** Straight to the store, for other processes too. */
  connection: Connection;
  /** A client of its own, over a network of its own that a test may cut. */
  client(): Promise<Client & { network: Network }>;
  /** A network to the store, and the connection over it, for other processes. */
  network(): Promise<{ network: Network; connection: Connection }>;
  stop(): Promise<void>;
}

function running(connection: Connection, stopServer: () => Promise<void>): RunningEngine {
  const closers: (() => Promise<void>)[] = [];

  async function network() {
    const created = await createNetwork(connection.port);
    closers.push(() => created.close());
    return { network: created, connection: { ...connection, port: created.port } };
  }

  return {
    connection,
    network,
    async client() {
      const way = await network();
      const client = await connectTo(way.connection);
      let closed: Promise<void> | undefined;
      const close = () => (closed ??= client.close().then(() => way.network.close()));
      closers.push(close);
      return { locks: client.locks, network: way.network, close };
    },
    async stop() {
      for (const close of closers.reverse()) await close();
      await stopServer();
    },
  };
}

/** The Redis protocol over TCP, Lua included, in JavaScript: needs nothing installed. */
export const redisInJavaScript: Engine = {
  name: 'ioredis-mock',
  async start() {
    const server = await startRedisInJavaScript();
    return running({ engine: 'redis', port: server.port }, () => server.close());
  },
};

/** A real Redis: the one at REDIS_URL, or one started from the PATH. */
export const redis: Engine = {
  name: 'Redis',
  missing: whyNoRedis(),
  async start() {
    const url = process.env['REDIS_URL'];
    if (url !== undefined) {
      const gateway = await createGateway(new URL(url));
      const { port } = gateway.address() as AddressInfo;
      return running({ engine: 'redis', port, url }, () => closeServer(gateway));
    }
    const port = await freePort();
    const server = spawn(
      'redis-server',
      ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'],
      { stdio: 'ignore' },
    );
    await reachable(port, server);
    return running({ engine: 'redis', port }, async () => {
      server.kill();
      if (server.exitCode === null) await once(server, 'exit');
    });
  },
};

/** Real PostgreSQL, compiled to WebAssembly, behind a socket. */
export const postgresql: Engine = {
  name: 'PostgreSQL',
  comparesWallClocks: true,
  async start() {
    const { PGlite } = await import('@electric-sql/pglite');
    const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket');
    const db = await PGlite.create();
    await db.exec(
      `create table ${tableName} (key varchar(255) primary key, owner varchar(255) not null, expiration bigint)`,
    );
    const port = await freePort();
    const server = new PGLiteSocketServer({ db, port, host: '127.0.0.1', maxConnections: 100 });
    await server.start();
    return running({ engine: 'postgresql', port }, async () => {
      await server.stop();
      await db.close();
    });
  },
};

/** DynamoDB's API over a store in memory. */
export const dynamoDb: Engine = {
  name: 'DynamoDB (dynalite)',
  async start() {
    const server = await createDynalite();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = await dynamoDbClient(port);
    await client.send(
      new CreateTableCommand({
        TableName: tableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'name', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'name', KeyType: 'HASH' }],
      }),
    );
    client.destroy();
    return running({ engine: 'dynamodb', port }, () => closeServer(server));
  },
};

// It comes without types, and under a name of its own for the compiler.
async function createDynalite(): Promise<Server> {
  const name = 'dynalite';
  const { default: dynalite } = (await import(name)) as {
    default(options: { createTableMs: number }): Server;
  };
  return dynalite({ createTableMs: 0 });
}

function whyNoRedis(): string | undefined {
  const url = process.env['REDIS_URL'];
  if (url !== undefined) {
    return new URL(url).protocol === 'redis:' ? undefined : 'REDIS_URL is not a redis: URL';
  }
  const { error } = spawnSync('redis-server', ['--version']);
  return error === undefined ? undefined : 'no redis-server on the PATH, and no REDIS_URL';
}

/** Brings a server elsewhere to a port here, where networks begin. */
async function createGateway(to: URL): Promise<Server> {
  const server = createServer((near) => {
    const far = connect(Number(to.port || 6_379), to.hostname);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      from.pipe(into);
      from.on('error', () => into.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function closeServer(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}

async function reachable(port: number, server: ChildProcess): Promise<void> {
  const endsAt = performance.now() + 10_000;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch (error) {
      if (server.exitCode !== null || performance.now() > endsAt) throw error;
      await pass(20);
    } finally {
      socket.destroy();
    }
  }
}
