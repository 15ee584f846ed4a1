import { describe, expect, it, vi } from 'vitest';
import type { SqlConnection, SqlResult } from '../../../lib/locks/sql-calls.js';
import { createSqlCalls } from '../../../lib/locks/sql-calls.js';
import { useFakeTimers } from '../../support/fake-timers.js';

const ttlMs = 6_000;
/** A sixth of it: how long a call may take. */
const limitMs = 1_000;

useFakeTimers();

const fine: SqlResult = { rows: [], affected: 1, isInTransaction: false };
const never = () => new Promise<never>(() => undefined);
const failure = (code: string) => Object.assign(new Error('The database says so'), { code });

function createConnection(run: () => Promise<SqlResult> = async () => fine) {
  return { run: vi.fn(run), release: vi.fn(), destroy: vi.fn(), cancel: vi.fn() };
}

/** A pool that gives out connections when the spec says so, in the order in which they were asked for. */
function createPool() {
  const waiting: ((connection: SqlConnection) => void)[] = [];
  return {
    waiting,
    call: createSqlCalls(() => ({
      connection: new Promise((resolve) => void waiting.push(resolve)),
      end: () => undefined,
    })),
    give: (connection: SqlConnection) => waiting.shift()?.(connection),
  };
}

const statement = ({ run }: Pick<SqlConnection, 'run'>) => run('statement', []);

describe('a connection of the pool', () => {
  it('L11: goes back once the statement has come through', async () => {
    const { call, give } = createPool();
    const connection = createConnection();
    const answer = call(ttlMs, statement);
    give(connection);
    expect(await answer).toBe(fine);
    expect(connection.release).toHaveBeenCalledOnce();
    expect(connection.destroy).not.toHaveBeenCalled();
  });

  it('L11: is ended, and its statement canceled, once for a call that is late', async () => {
    const { call, give } = createPool();
    const connection = createConnection(never);
    const answer = call(ttlMs, statement).catch((error: unknown) => error);
    give(connection);
    await vi.advanceTimersByTimeAsync(limitMs);
    expect(await answer).toMatchObject({ name: 'TimeoutError' });
    expect(connection.cancel).toHaveBeenCalledOnce();
    expect(connection.destroy).toHaveBeenCalledOnce();
    expect(connection.release).not.toHaveBeenCalled();
  });

  it('L11: with a transaction left open grants nothing, and is ended, which rolls it back', async () => {
    const { call, give } = createPool();
    const connection = createConnection(async () => ({ ...fine, isInTransaction: true }));
    const answer = call(ttlMs, statement);
    give(connection);
    await expect(answer).rejects.toMatchObject({ name: 'OpenTransactionError' });
    expect(connection.destroy).toHaveBeenCalledOnce();
    expect(connection.release).not.toHaveBeenCalled();
  });
});

describe('a statement that others got in the way of', () => {
  it.each(['40001', '40P01', 'ER_LOCK_DEADLOCK', 'ER_CHECKREAD'])(
    'L11: is sent again (%s)',
    async (code) => {
      const { call, give } = createPool();
      const connection = createConnection();
      connection.run.mockRejectedValueOnce(failure(code)).mockRejectedValueOnce(failure(code));
      const answer = call(ttlMs, statement);
      give(connection);
      expect(await answer).toBe(fine);
      expect(connection.run).toHaveBeenCalledTimes(3);
    },
  );

  it('L11: fails at the third time, and another error at once', async () => {
    for (const [code, times] of [
      ['40001', 3],
      ['42P01', 1],
    ] as const) {
      const { call, give } = createPool();
      const connection = createConnection(() => Promise.reject(failure(code)));
      const answer = call(ttlMs, statement);
      give(connection);
      await expect(answer).rejects.toMatchObject({ code });
      expect(connection.run).toHaveBeenCalledTimes(times);
    }
  });
});

describe('a pool that is busy for longer than a call may take', () => {
  it('L11: the next call takes over the place of the one that was late', async () => {
    const { call, give, waiting } = createPool();
    const late = call(ttlMs, statement).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(limitMs);
    expect(await late).toMatchObject({
      message: 'No connection from the pool within 1000 ms',
    });
    const next = call(ttlMs, statement);
    expect(waiting).toHaveLength(1);
    const connection = createConnection();
    give(connection);
    expect(await next).toBe(fine);
    expect(connection.run).toHaveBeenCalledOnce();
    expect(connection.release).toHaveBeenCalledOnce();
  });

  it('L11: a hundred calls, one after the other, have one place in the queue', async () => {
    const { call, give, waiting } = createPool();
    for (let i = 0; i < 100; i += 1) {
      const late = call(ttlMs, statement).catch(() => undefined);
      await vi.advanceTimersByTimeAsync(limitMs);
      await late;
    }
    expect(waiting).toHaveLength(1);
    // No call waits for it: it goes back unused.
    const connection = createConnection();
    give(connection);
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.release).toHaveBeenCalledOnce();
    expect(connection.run).not.toHaveBeenCalled();
  });

  it('L11: calls at the same time have a place each', async () => {
    const { call, give, waiting } = createPool();
    const answers = Promise.all([call(ttlMs, statement), call(ttlMs, statement)]);
    expect(waiting).toHaveLength(2);
    const connections = [createConnection(), createConnection()];
    for (const connection of connections) give(connection);
    await answers;
    for (const { run } of connections) expect(run).toHaveBeenCalledOnce();
  });
});
