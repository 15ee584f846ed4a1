import { describe, expect, it, vi } from 'vitest';
import { checkOutOf, checkPool } from '../../../lib/locks/mysql-pool.js';

/** A connection of mysql2/promise, whose queries have this answer. */
function createConnection(answer: unknown[] = [{ affectedRows: 1, serverStatus: 2 }]) {
  const destroyStream = vi.fn();
  return {
    query: vi.fn(async () => answer),
    release: vi.fn(),
    destroy: vi.fn(),
    connection: { stream: { destroy: destroyStream } },
    destroyStream,
  };
}

/** What mysql2 keeps of its connections: a queue with `get` and `length`. */
function queueOf(connections: unknown[]) {
  return {
    get length() {
      return connections.length;
    },
    get: (index: number) => connections[index],
  };
}

type Pool = ReturnType<typeof checkPool>;

const checkedOut = (connection: ReturnType<typeof createConnection>) =>
  checkOutOf({ getConnection: async () => connection }).connection;

describe('a connection of mysql2', () => {
  it.each<[string, unknown[], object]>([
    ['rows', [[{ us: 1 }], []], { rows: [{ us: 1 }], affected: 0, isInTransaction: false }],
    ['no rows', [[], []], { rows: [], affected: 0, isInTransaction: false }],
    [
      'how many rows it has written',
      [{ affectedRows: 3, serverStatus: 2 }],
      { rows: [], affected: 3, isInTransaction: false },
    ],
    [
      'L11: that a transaction is open',
      [{ affectedRows: 1, serverStatus: 3 }],
      { rows: [], affected: 1, isInTransaction: true },
    ],
    [
      'nothing of transactions',
      [{ affectedRows: 1 }],
      { rows: [], affected: 1, isInTransaction: false },
    ],
  ])('a statement answers with %s', async (_, answer, result) => {
    const connection = await checkedOut(createConnection(answer));
    expect(await connection.run('statement', ['value'])).toEqual(result);
  });

  it('asks for plain rows, whatever the options of the pool ask for', async () => {
    const mysql = createConnection();
    await (await checkedOut(mysql)).run('statement', ['value']);
    expect(mysql.query).toHaveBeenCalledWith({
      sql: 'statement',
      values: ['value'],
      rowsAsArray: false,
      nestTables: false,
    });
  });

  it('goes back to the pool', async () => {
    const mysql = createConnection();
    (await checkedOut(mysql)).release();
    expect([mysql.release, mysql.destroy].map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
  });

  it('L11: is destroyed with its socket, which mysql2 would say goodbye to for minutes', async () => {
    const mysql = createConnection();
    (await checkedOut(mysql)).destroy(new Error('late'));
    expect(mysql.destroy).toHaveBeenCalledOnce();
    expect(mysql.destroyStream).toHaveBeenCalledOnce();
    expect(mysql.release).not.toHaveBeenCalled();
  });

  it('L11: that can not be reached is ended, and no other connection of the pool', () => {
    const streams = [vi.fn(), vi.fn()];
    const all = [{ stream: { destroy: streams[0] } }];
    const pool = {
      pool: { _allConnections: queueOf(all) },
      getConnection() {
        all.push({ stream: { destroy: streams[1] } });
        return new Promise<never>(() => undefined);
      },
    };
    checkOutOf(pool).end();
    expect(streams.map((destroy) => destroy.mock.calls.length)).toEqual([0, 1]);
  });

  it.each<[string, unknown]>([
    [
      'waits for one that others use',
      queueOf([{ stream: { destroy: () => expect.unreachable() } }]),
    ],
    ['has none', queueOf([])],
    ['hides its connections', undefined],
  ])('L11: nothing is ended if the pool %s', (_, _allConnections) => {
    const pool = {
      pool: { _allConnections },
      getConnection: () => new Promise<never>(() => undefined),
    };
    expect(() => checkOutOf(pool as unknown as Pool).end()).not.toThrow();
  });
});

describe('checkPool', () => {
  const promising = { getConnection: vi.fn() };

  it('takes a pool of mysql2/promise, and of mysql2 its other face', () => {
    expect(checkPool(promising)).toBe(promising);
    const callbacks = {
      face: promising,
      getConnection: vi.fn(),
      promise(this: { face: unknown }) {
        return this.face;
      },
    };
    expect(checkPool(callbacks)).toBe(promising);
  });

  it.each<[unknown, string]>([
    [undefined, 'got nothing'],
    [{ connect: vi.fn() }, 'got an object'],
    ['mysql://localhost', 'got "mysql://localhost"'],
  ])('refuses %j', (pool, got) => {
    expect(() => checkPool(pool)).toThrow(TypeError);
    expect(() => checkPool(pool)).toThrow(
      new RegExp(`^mysqlLocks: expected pool, made by createPool of mysql2 .*${got}`),
    );
  });
});
