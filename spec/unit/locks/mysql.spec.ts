import { describe, expect, it } from 'vitest';
import { mysqlLocks } from '../../../lib/locks/mysql.js';
import type { Script } from '../../support/scripted-pool.js';
import { createScript, databaseError } from '../../support/scripted-pool.js';

const ttlMs = 30_000;
const rows = (...all: object[]) => [all, []];
const wrote = (affectedRows: number) => [{ affectedRows, serverStatus: 2 }];

function setUp(...answers: Script) {
  const script = createScript(...answers);
  const connection = {
    query: ({ sql, values }: { sql: string; values: unknown[] }) => script.answer(sql, values),
    release: () => undefined,
    destroy: () => undefined,
  };
  const locks = mysqlLocks({ pool: { getConnection: async () => connection } });
  return { ...script, locks, lock: locks.createLock('poller', ttlMs) };
}

describe('a lock in MySQL', () => {
  it.each<[string, Script, boolean, string[], number | undefined]>([
    ['free: it is inserted', [rows(), wrote(1)], true, ['select', 'insert'], undefined],
    ['held: nothing is written', [rows({ us: 2_500 })], false, ['select'], 2.5],
    ['over: it is taken over', [rows({ us: 0 }), wrote(1)], true, ['select', 'update'], undefined],
    [
      'over, but renewed meanwhile',
      [rows({ us: -1 }), wrote(0)],
      false,
      ['select', 'update'],
      undefined,
    ],
    [
      'free, but another instance came first',
      [rows(), databaseError('ER_DUP_ENTRY')],
      false,
      ['select', 'insert'],
      undefined,
    ],
  ])('that is %s', async (_, answers, granted, verbs, claimableInMs) => {
    const { lock, verbs: sent } = setUp(...answers);
    expect(await lock.acquireImmediately()).toBe(granted);
    expect(sent()).toEqual(verbs);
    expect(lock.claimableInMs?.()).toBe(claimableInMs);
  });

  it('L11: a statement that comes second for the third time is a refusal', async () => {
    const deadlock = databaseError('ER_LOCK_DEADLOCK');
    const { lock, verbs } = setUp(rows(), deadlock, deadlock, deadlock);
    expect(await lock.acquireImmediately()).toBe(false);
    expect(verbs()).toEqual(['select', 'insert', 'insert', 'insert']);
  });

  it("L6: any other error is the caller's", async () => {
    const error = databaseError('ER_NO_SUCH_TABLE');
    await expect(setUp(error).lock.acquireImmediately()).rejects.toBe(error);
    await expect(setUp(rows(), error).lock.acquireImmediately()).rejects.toBe(error);
  });

  it.each(['extend', 'release'] as const)('%s: nothing written means not owned', async (method) => {
    await expect(setUp(wrote(1)).lock[method]()).resolves.toBeUndefined();
    await expect(setUp(wrote(0)).lock[method]()).rejects.toMatchObject({
      name: 'LockNotOwnedError',
    });
  });

  it('sends times in whole microseconds, and at least one', async () => {
    const { lock, sent } = setUp(wrote(1), wrote(1), wrote(1));
    await lock.extend();
    await lock.extend(0.0026);
    await lock.extend(0);
    expect(sent.map(({ values }) => values[0])).toEqual([30_000_000, 3, 1]);
  });
});

describe('a membership in MySQL', () => {
  const member = (us: number, owner = 'a') => ({ name: `group/${us}`, owner, us });

  it('L10: hears of those whose time is not over', async () => {
    const { locks, verbs } = setUp(wrote(1), rows(member(1, 'alive'), member(0, 'over')));
    expect(await locks.createMembership?.('group', ttlMs).renew('me')).toEqual(['alive']);
    expect(verbs()).toEqual(['insert', 'select']);
  });

  it('L10: clears away those whose time has been over for a ttl', async () => {
    const [lately, long] = [-ttlMs * 1_000, -ttlMs * 1_000 - 1];
    const { locks, sent } = setUp(wrote(1), rows(member(lately), member(long)), wrote(1));
    expect(await locks.createMembership?.('group', ttlMs).renew('me')).toEqual([]);
    expect(sent.at(-1)).toMatchObject({
      text: expect.stringMatching(/^delete .* where name in/) as string,
      values: [[`group/${long}`]],
    });
  });
});

describe('ensureTable', () => {
  it.each<[string, Script, string[]]>([
    ['makes nothing if there is a table', [rows()], ['select']],
    ['makes the table', [databaseError('ER_NO_SUCH_TABLE'), wrote(0)], ['select', 'create']],
  ])('%s', async (_, answers, verbs) => {
    const { locks, verbs: sent } = setUp(...answers);
    await locks.ensureTable();
    expect(sent()).toEqual(verbs);
  });

  it('rejects if it may not look or not make one', async () => {
    const denied = databaseError('ER_TABLEACCESS_DENIED_ERROR');
    await expect(setUp(denied).locks.ensureTable()).rejects.toBe(denied);
    const missing = databaseError('ER_NO_SUCH_TABLE');
    await expect(setUp(missing, denied).locks.ensureTable()).rejects.toBe(denied);
  });
});
