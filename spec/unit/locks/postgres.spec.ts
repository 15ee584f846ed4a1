import { describe, expect, it } from 'vitest';
import { postgresLocks } from '../../../lib/locks/postgres.js';
import type { Script } from '../../support/scripted-pool.js';
import { createScript, databaseError } from '../../support/scripted-pool.js';

const ttlMs = 30_000;
const rows = (...all: object[]) => ({ rows: all });

function setUp(...answers: Script) {
  const script = createScript(...answers);
  const connection = {
    query: (text: string, values: unknown[]) =>
      script.answer(text, values) as Promise<{ rows: [] }>,
    release: () => undefined,
  };
  const locks = postgresLocks({ pool: { connect: async () => connection } });
  return { ...script, locks, lock: locks.createLock('poller', ttlMs) };
}

describe('a lock in PostgreSQL', () => {
  it.each<[string, object, boolean, number | undefined]>([
    ['that is free', { granted: true, left_ms: null }, true, undefined],
    ['that is held', { granted: false, left_ms: 2.5 }, false, 2.5],
    ['whose time ends just now', { granted: false, left_ms: -0.1 }, false, 0],
    ['that another instance took meanwhile', { granted: false, left_ms: null }, false, undefined],
  ])('%s is tried by one statement', async (_, row, granted, claimableInMs) => {
    const { lock, sent } = setUp(rows(row));
    expect(await lock.acquireImmediately()).toBe(granted);
    expect(lock.claimableInMs?.()).toBe(claimableInMs);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.values).toEqual(['poller', expect.any(String), ttlMs]);
  });

  it('L11: a statement that comes second for the third time is a refusal', async () => {
    const outrun = databaseError('40001');
    const { lock, sent } = setUp(outrun, outrun, outrun);
    expect(await lock.acquireImmediately()).toBe(false);
    expect(sent).toHaveLength(3);
  });

  it("L6: any other error is the caller's", async () => {
    const error = databaseError('42P01');
    await expect(setUp(error).lock.acquireImmediately()).rejects.toBe(error);
  });

  it.each<['extend' | 'release', object, object]>([
    ['extend', rows({}), rows()],
    ['release', rows({ held: true }), rows()],
    // A row of ours whose time was over: another instance may have had the lock meanwhile.
    ['release', rows({ held: true }), rows({ held: false })],
  ])('%s: owned by %j, not by %j', async (method, owned, notOwned) => {
    await expect(setUp(owned).lock[method]()).resolves.toBeUndefined();
    await expect(setUp(notOwned).lock[method]()).rejects.toMatchObject({
      name: 'LockNotOwnedError',
    });
  });
});

describe('a membership in PostgreSQL', () => {
  it('L10: hears of the others, within its own group alone', async () => {
    const { locks, sent } = setUp(rows({ owner: 'a' }, { owner: 'b' }));
    expect(await locks.createMembership?.('group', ttlMs).renew('me')).toEqual(['a', 'b']);
    const [name, says, ms, from, to] = (sent[0]?.values ?? []) as string[];
    expect([says, ms]).toEqual(['me', ttlMs]);
    expect(name?.startsWith('group/')).toBe(true);
    for (const [other, isInside] of [
      ['group/0', true],
      ['group/zz', true],
      ['group', false],
      ['group2/a', false],
    ] as const) {
      expect(other >= String(from) && other < String(to), other).toBe(isInside);
    }
  });
});

describe('ensureTable', () => {
  it.each<[string, Script, string[]]>([
    ['makes nothing if there is a table', [rows()], ['select']],
    ['makes the table', [databaseError('42P01'), rows()], ['select', 'create']],
    ...['23505', '42P07', '42710'].map((code): [string, Script, string[]] => [
      `takes ${code} for the success of another instance`,
      [databaseError('42P01'), databaseError(code)],
      ['select', 'create'],
    ]),
  ])('%s', async (_, answers, verbs) => {
    const { locks, verbs: sent } = setUp(...answers);
    await locks.ensureTable();
    expect(sent()).toEqual(verbs);
  });

  it('rejects if it may not look or not make one', async () => {
    const denied = databaseError('42501');
    await expect(setUp(denied).locks.ensureTable()).rejects.toBe(denied);
    await expect(setUp(databaseError('42P01'), denied).locks.ensureTable()).rejects.toBe(denied);
  });
});
