import { setTimeout as pass } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { tableName } from './connect.js';

/** Another user of the same database, who is in the way. */
export interface Hog {
  /** Takes every connection that the server has, those of the locks too, until `isEnough` says so. */
  takeAll(isEnough: () => boolean): Promise<void>;
  /** Locks the table of the locks. */
  lockTable(): Promise<void>;
  /** How many statements wait for a lock on the server. */
  waiting(): Promise<number>;
  /** Gives everything back. */
  stop(): Promise<void>;
}

interface Connection {
  ask(statement: string): Promise<unknown[]>;
  end(): void;
}

export function hogOn(engine: 'postgresql' | 'mysql', url: string): Hog {
  const { connect, victims, endVictim, lock, waiting } = dialects[engine];
  const taken: Connection[] = [];
  const take = async () => {
    const connection = await connect(url);
    taken.push(connection);
    return connection;
  };

  return {
    async takeAll(isEnough) {
      const operator = await take();
      while (!isEnough()) {
        await take().catch(() => pass(20));
        for (const victim of await operator.ask(victims)) {
          await operator.ask(endVictim(victim as { id: number })).catch(() => undefined);
        }
      }
    },
    async lockTable() {
      const connection = await take();
      for (const statement of lock) await connection.ask(statement);
    },
    async waiting() {
      const connection = taken[1] ?? (await take());
      return (await connection.ask(waiting)).length;
    },
    async stop() {
      for (const connection of taken.splice(0)) connection.end();
    },
  };
}

const dialects = {
  postgresql: {
    async connect(connectionString: string): Promise<Connection> {
      const client = new pg.Client({ connectionString, application_name: 'hog' });
      client.on('error', () => undefined);
      await client.connect();
      return {
        ask: async (statement) => (await client.query<object>(statement)).rows,
        end: () => void client.end(),
      };
    },
    victims:
      "select pid as id from pg_stat_activity where usename is not null and application_name <> 'hog'",
    endVictim: ({ id }: { id: number }) => `select pg_terminate_backend(${id})`,
    lock: ['begin', `lock table ${tableName} in access exclusive mode`],
    waiting: "select 1 from pg_stat_activity where wait_event_type = 'Lock'",
  },
  mysql: {
    async connect(uri: string): Promise<Connection> {
      const connection = await mysql.createConnection(uri);
      connection.on('error', () => undefined);
      return {
        async ask(statement) {
          const [rows] = await connection.query(statement);
          return Array.isArray(rows) ? rows : [];
        },
        end: () => connection.destroy(),
      };
    },
    victims: "select id from information_schema.processlist where user = 'locks'",
    endVictim: ({ id }: { id: number }) => `kill ${id}`,
    lock: [`lock tables ${tableName} write`],
    waiting: "select 1 from information_schema.processlist where state like 'Waiting for%lock'",
  },
};
