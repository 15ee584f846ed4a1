import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { CreateTableCommand, ResourceInUseException } from '@aws-sdk/client-dynamodb';
import { freePort } from '../../support/integration/free-port.js';
import { startRedisInJavaScript } from '../../support/redis-in-javascript.js';
import { startDynalite } from '../../support/servers/dynalite.js';
import { startMySqlServer } from '../../support/servers/mysql-server.js';
import type { OwnServer } from '../../support/servers/own-server.js';
import { startPostgresServer } from '../../support/servers/postgres-server.js';
import { startRedisServer } from '../../support/servers/redis-server.js';
import type { Client, Connection, Driver, StoreKind } from './connect.js';
import { connectTo, driverOf, dynamoDbClient, tableName } from './connect.js';
import type { Network } from './network.js';
import { createNetwork } from './network.js';
import { atHand, note, noteDriver } from './real-servers.js';

/** A store that locks are tried on. */
export interface Engine {
  name: string;
  kind: StoreKind;
  /** Set: why it can't be had on this machine. */
  missing?: string | undefined;
  start(): Promise<RunningEngine>;
}

export interface RunningEngine {
  /** Straight to the store, for other processes too. */
  connection: Connection;
  /** A client of its own, over a network of its own that a test may cut. */
  client(driver?: Driver): Promise<Client & { network: Network }>;
  /** A network to the store, and the connection over it, for other processes. */
  network(): Promise<{ network: Network; connection: Connection }>;
  stop(): Promise<void>;
}

export function running(
  connection: Connection,
  stopServer: () => unknown = () => undefined,
): RunningEngine {
  const closers: (() => Promise<void>)[] = [];

  async function network(named?: Driver) {
    const { engine } = connection;
    const driver = named ?? driverOf(connection);
    noteDriver(engine, driver);
    const url = new URL(connection.url);
    const created = await createNetwork(portOf(url), url.hostname);
    closers.push(() => created.close());
    url.hostname = '127.0.0.1';
    url.port = String(created.port);
    // Processes of their own get it by name: not all of them have this one's environment.
    return { network: created, connection: { engine, driver, url: url.href } };
  }

  return {
    connection,
    network: () => network(),
    async client(driver) {
      const way = await network(driver);
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

const standardPorts: Record<string, number> = { redis: 6_379, postgres: 5_432, mysql: 3_306 };

function portOf({ port, protocol }: URL): number {
  return Number(port) || (standardPorts[protocol.slice(0, -1)] ?? 80);
}

/** Redis, PostgreSQL and MySQL: a real one that is running; else of our own; else embedded, if there is one. */
function engine(kind: Exclude<StoreKind, 'dynamodb'>, name: string, embedded?: Embedded): Engine {
  const { url, own } = atHand[kind];
  const real = url !== undefined || own;
  return {
    kind,
    name: real || embedded === undefined ? name : embedded.name,
    missing:
      real || embedded !== undefined
        ? undefined
        : `no ${name} at hand, and npm has no embedded one`,
    async start() {
      note(kind, url ?? (own ? 'one of our own' : (embedded?.name ?? 'none')), real);
      if (url !== undefined) return prepared({ engine: kind, url });
      if (!own && embedded !== undefined) return embedded.start();
      const server = await ownServers[kind]();
      return prepared({ engine: kind, url: server.url }, server);
    },
  };
}

const ownServers = {
  redis: () => startRedisServer(),
  postgresql: startPostgresServer,
  mysql: () => startMySqlServer(),
};

/** With its table, where it needs one. */
export async function prepared(connection: Connection, server?: OwnServer): Promise<RunningEngine> {
  const { locks, close } = await connectTo(connection);
  if ('ensureTable' in locks) await (locks as { ensureTable(): Promise<void> }).ensureTable();
  await close();
  return running(connection, () => server?.[Symbol.asyncDispose]());
}

interface Embedded {
  name: string;
  start(): Promise<RunningEngine>;
}

/** The Redis protocol over TCP, Lua included, in JavaScript: needs nothing installed. */
const redisInJavaScript: Embedded = {
  name: 'Redis in JavaScript',
  async start() {
    const server = await startRedisInJavaScript();
    const url = `redis://127.0.0.1:${server.port}`;
    return running({ engine: 'redis', url }, () => server.close());
  },
};

/** Real PostgreSQL, compiled to WebAssembly, behind a socket. */
const pglite: Embedded = {
  name: 'PostgreSQL in WebAssembly',
  async start() {
    const { PGlite } = await import('@electric-sql/pglite');
    const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket');
    const db = await PGlite.create();
    const port = await freePort();
    const server = new PGLiteSocketServer({ db, port, host: '127.0.0.1', maxConnections: 100 });
    await server.start();
    const url = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`;
    const engine = await prepared({ engine: 'postgresql', url });
    return {
      ...engine,
      async stop() {
        await engine.stop();
        await server.stop();
        await db.close();
      },
    };
  },
};

export const redis = engine('redis', 'Redis', redisInJavaScript);
export const postgresql = engine('postgresql', 'PostgreSQL', pglite);
export const mysql = engine('mysql', 'MySQL or MariaDB');

/** DynamoDB's API over a store in memory. */
export const dynamoDb: Engine = {
  name: 'DynamoDB (dynalite)',
  kind: 'dynamodb',
  async start() {
    note('dynamodb', 'dynalite', false);
    const { url, close } = await startDynalite();
    await createTable(url, {
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'name', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'name', KeyType: 'HASH' }],
    });
    return running({ engine: 'dynamodb', url }, close);
  },
};

export async function createTable(url: string, table: CreateTableCommandInput): Promise<void> {
  const client = await dynamoDbClient(url);
  try {
    await client.send(new CreateTableCommand(table));
  } catch (error) {
    // The SDK sent it again, as the first one was not answered in time. It has made the table.
    if (!(error instanceof ResourceInUseException)) throw error;
  } finally {
    client.destroy();
  }
}

/** Those that can be had here. */
export const engines = [redis, postgresql, mysql, dynamoDb].filter(({ missing, name }) => {
  if (missing !== undefined) console.info(`locks in ${name}: skipped, ${missing}`);
  return missing === undefined;
});
