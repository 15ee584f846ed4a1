import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mysqlServer } from '../../support/servers/mysql-server.js';
import { removeTemplates } from '../../support/servers/own-server.js';
import { postgresServer } from '../../support/servers/postgres-server.js';
import { redisServer } from '../../support/servers/redis-server.js';
import type { Driver, StoreKind } from './connect.js';
import { drivers } from './connect.js';

type RealKind = Exclude<StoreKind, 'dynamodb'>;

/** A real server of this kind on this machine. */
export interface AtHand {
  /** One that is running: named by the environment, or at its standard port. */
  url?: string | undefined;
  /** Whether we can start one of our own. */
  own: boolean;
}

/** `STORES=embedded`: as on a machine that has none. */
const none = process.env['STORES'] === 'embedded';

const places: Record<
  RealKind,
  { variable: string; standard: string; server?: string | undefined }
> = {
  redis: { variable: 'REDIS_URL', standard: 'redis://127.0.0.1:6379', server: redisServer },
  postgresql: {
    variable: 'DATABASE_URL',
    standard: 'postgres://postgres@127.0.0.1:5432/test',
    server: postgresServer,
  },
  mysql: {
    variable: 'MYSQL_URL',
    standard: 'mysql://root@127.0.0.1:3306/test',
    server: mysqlServer,
  },
};

export const atHand: Record<RealKind, AtHand> = {
  redis: await look('redis'),
  postgresql: await look('postgresql'),
  mysql: await look('mysql'),
};

async function look(kind: RealKind): Promise<AtHand> {
  if (none) return { own: false };
  const { variable, standard, server } = places[kind];
  const url = process.env[variable] ?? standard;
  return { url: (await answers(url)) ? url : undefined, own: server !== undefined };
}

/** Whether a driver gets in: a server that wants another password is not at hand. */
async function answers(url: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url);
  if (!(await accepts(Number(port), hostname))) return false;
  try {
    if (protocol === 'redis:') {
      const { Redis } = await import('ioredis');
      const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
      client.on('error', () => undefined);
      await client.ping().finally(() => client.disconnect());
    } else if (protocol === 'mysql:') {
      const { createConnection } = await import('mysql2/promise');
      await (await createConnection({ uri: url, connectTimeout: 2_000 })).end();
    } else {
      const { default: pg } = await import('pg');
      const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
      await client.connect();
      await client.end();
    }
    return true;
  } catch {
    return false;
  }
}

function accepts(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const end = (accepted: boolean) => () => {
      socket.destroy();
      resolve(accepted);
    };
    socket.setTimeout(2_000, end(false));
    socket.once('connect', end(true)).once('error', end(false));
  });
}

/** A server that specs ran on, or a driver that they used. */
interface Note {
  kind: StoreKind;
  what?: string;
  real?: boolean;
  driver?: Driver;
}

const file = join(
  dirname(fileURLToPath(import.meta.url)),
  `../../../node_modules/.cache/stepfunc-source/stores-${process.env['STORES_RUN'] ?? 'alone'}`,
);

/** Writes down that a spec runs on this, for the summary at the end of the run. */
export function note(kind: StoreKind, what: string, real: boolean): void {
  write({ kind, what: what.replace(/:\/\/[^@/]*@/, '://…@'), real });
}

/** Writes down that a spec uses this driver. */
export function noteDriver(kind: StoreKind, driver: Driver): void {
  write({ kind, driver });
}

function write(line: Note): void {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/**
 * For vitest's globalSetup: at the end of the run prints which store ran on what, by which drivers.
 * With `REQUIRE_REAL_STORES=1` the run fails if a real server was at hand and was not used, or if one
 * of its drivers was not.
 */
export default function setup(): (() => void) | undefined {
  // Several projects have this setup: the first one speaks for all.
  if (process.env['STORES_RUN'] === String(process.pid)) return undefined;
  process.env['STORES_RUN'] = String(process.pid);
  const written = file.replace(/-alone$/, `-${process.pid}`);

  return () => {
    try {
      removeTemplates(String(process.pid));
    } catch (error) {
      console.warn('Data that own servers start from was left behind:', error);
    }
    const notes = read(written);
    rmSync(written, { force: true });
    if (notes.length === 0 && process.env['REQUIRE_REAL_STORES'] !== '1') return;
    for (const kind of ['redis', 'postgresql', 'mysql', 'dynamodb'] as const) {
      const on = all(notes, kind, 'what').join(', ') || 'nothing';
      const by = all(notes, kind, 'driver').join(', ');
      console.info(`stores: ${kind} ran on ${on}${by && `, by ${by}`}`);
    }
    if (process.env['REQUIRE_REAL_STORES'] !== '1') return;
    const unused = (['redis', 'postgresql', 'mysql'] as const).flatMap((kind) => {
      const { url, own } = atHand[kind];
      if (url === undefined && !own) return [];
      if (!notes.some((each) => each.kind === kind && each.real === true)) return [kind];
      const used = all(notes, kind, 'driver');
      return drivers[kind].filter((driver) => !used.includes(driver));
    });
    if (unused.length > 0) {
      // vitest prints what a teardown throws, and ends with 0 all the same.
      process.exitCode = 1;
      throw new Error(`A real server was at hand, and not used: ${unused.join(', ')}`);
    }
  };
}

function read(path: string): Note[] {
  try {
    const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Note);
  } catch {
    return [];
  }
}

function all(notes: readonly Note[], of: StoreKind, what: 'what' | 'driver'): string[] {
  const found = notes.flatMap((each) => (each.kind === of ? (each[what] ?? []) : []));
  return [...new Set(found)];
}
