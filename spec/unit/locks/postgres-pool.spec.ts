import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import type { PgConnection, PgPool } from '../../../lib/locks/postgres-pool.js';
import { checkOutOf, checkPool } from '../../../lib/locks/postgres-pool.js';

const never = () => new Promise<never>(() => undefined);

/** A client of pg that is checked out, and whose last answer has this transaction status. */
function createClient(status?: string) {
  return Object.assign(new EventEmitter(), {
    query: vi.fn<PgConnection['query']>(async () => ({ rows: [{ a: 1 }, { a: 2 }] })),
    release: vi.fn<PgConnection['release']>(),
    ...(status === undefined ? {} : { getTransactionStatus: () => status }),
  });
}

const checkedOut = (client: ReturnType<typeof createClient>) =>
  checkOutOf({ connect: async () => client }).connection;

describe('a connection of pg', () => {
  it.each([
    ['I', false],
    ['T', true],
    ['E', true],
    [undefined, false],
  ])('L11: with the status %s is in a transaction: %s', async (status, isInTransaction) => {
    const client = createClient(status);
    const connection = await checkedOut(client);
    expect(await connection.run('statement', ['value'])).toEqual({
      rows: [{ a: 1 }, { a: 2 }],
      affected: 2,
      isInTransaction,
    });
    expect(client.query).toHaveBeenCalledExactlyOnceWith('statement', ['value']);
  });

  it('S3: that breaks while it is checked out ends no process, and no listener is left', async () => {
    const client = createClient();
    const connection = await checkedOut(client);
    expect(() => client.emit('error', new Error('reset'))).not.toThrow();
    connection.release();
    expect(client.release).toHaveBeenCalledExactlyOnceWith();
    expect(client.listenerCount('error')).toBe(0);
  });

  it('L11: that is ended may emit more errors, and does not go back to the pool', async () => {
    const client = createClient();
    const connection = await checkedOut(client);
    const late = new Error('late');
    connection.destroy(late);
    expect(client.release).toHaveBeenCalledExactlyOnceWith(late);
    expect(() => client.emit('error', new Error('reset'))).not.toThrow();
  });

  it('L11: that can not be reached is ended, and no other connection of the pool', () => {
    const streams = [vi.fn(), vi.fn()];
    const clientOf = (destroy: unknown) => ({ connection: { stream: { destroy } } });
    const clients = [clientOf(streams[0])];
    const pool = {
      _clients: clients,
      connect() {
        clients.push(clientOf(streams[1]));
        return never();
      },
    };
    checkOutOf(pool).end();
    expect(streams.map((destroy) => destroy.mock.calls.length)).toEqual([0, 1]);
  });

  it.each<[string, object]>([
    [
      'waits for one that others use',
      { _clients: [{ connection: { stream: { destroy: () => expect.unreachable() } } }] },
    ],
    ['hides its connections', {}],
  ])('L11: nothing is ended if the pool %s', (_, hidden) => {
    const pool = { ...hidden, connect: never };
    expect(() => checkOutOf(pool).end()).not.toThrow();
  });
});

describe('checkPool', () => {
  it('S3: many sources may share one pool: it is listened to once', () => {
    const pool = Object.assign(new EventEmitter(), { connect: never });
    for (let i = 0; i < 20; i += 1) expect(checkPool(pool)).toBe(pool);
    // pg ends the process when an idle connection breaks and nothing listens; Node warns of eleven.
    expect(pool.listenerCount('error')).toBe(1);
  });

  it('takes whatever has a connect(), events or not', () => {
    const pool: PgPool = { connect: never };
    expect(checkPool(pool)).toBe(pool);
  });

  it.each<[unknown, string]>([
    [undefined, 'got nothing'],
    [{ getConnection: never }, 'got an object'],
    ['postgres://localhost', 'got "postgres://localhost"'],
  ])('refuses %j', (pool, got) => {
    expect(() => checkPool(pool)).toThrow(TypeError);
    expect(() => checkPool(pool)).toThrow(
      new RegExp(`^postgresLocks: expected pool, a Pool of pg .*${got}`),
    );
  });
});
