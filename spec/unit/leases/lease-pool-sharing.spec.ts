import { describe, expect, it } from 'vitest';
import type { Standing } from '../../../lib/leases/fair-share.js';
import { formatStanding } from '../../../lib/leases/fair-share.js';
import type { LeasePoolOptions } from '../../../lib/leases/lease-pool.js';
import { createFakeStore } from '../../support/fake-locks.js';
import { down, namesOf, pass, setUp, shutDown, ttlMs } from '../../support/lease-pool.js';
import { watchTimersAndWarnings } from '../../support/fake-timers.js';

watchTimersAndWarnings();

const other = (held: number, more: Partial<Standing> = {}) =>
  formatStanding({
    ...{ id: 'other', held, handedOver: 0, draining: 0, pollers: 4, cap: Infinity },
    ...more,
  });

/** A pool of four leases in a group whose others say what the test wants. */
function setUpMember({
  isDown = false,
  ...options
}: Partial<LeasePoolOptions> & { isDown?: boolean } = {}) {
  const own = createFakeStore().instance();
  const state = { others: [] as string[], isDown };
  const says: string[] = [];
  const handedOver: number[] = [];
  /** What was called, in order. */
  const order: string[] = [];
  const load = [5, 3, 1, 4];
  const member = setUp(createFakeStore(), {
    pollers: 4,
    locks: {
      createLock(name, ms) {
        order.push('lock');
        return own.locks.createLock(name, ms);
      },
      createMembership: () => ({
        async renew(text) {
          order.push('look');
          says.push(text.replace(/^\S+ /, ''));
          if (state.isDown) throw new Error('down');
          return state.others;
        },
        leave: async () => undefined,
      }),
    },
    sharing: {
      group: 'members',
      handOver: (index) => handedOver.push(index),
      load: (index) => load[index] ?? 0,
    },
    ...options,
  });
  void member.start();
  return { ...member, own, state, says, handedOver, order };
}

describe('L10: a pool that shares its leases', () => {
  it('L10: looks at the others before its first try', async () => {
    const member = setUpMember();
    await pass(0);
    expect(member.order.slice(0, 2)).toEqual(['look', 'lock']);
    await shutDown(member);
  });

  it('L10: looks again between two that it acquires', async () => {
    const member = setUpMember();
    await pass(ttlMs / 3);
    expect(member.pool.held()).toHaveLength(4);
    const order = member.order.filter(
      (call, at) => call !== 'look' || member.order[at + 1] !== 'look',
    );
    expect(order.slice(0, 8)).toEqual([
      ...['look', 'lock', 'look', 'lock', 'look', 'lock', 'look', 'lock'],
    ]);
    await shutDown(member);
  });

  it('L10: says what it holds, what has not ended of what it lost, and its cap', async () => {
    const member = setUpMember({ maxHeld: 3 });
    await pass(ttlMs);
    expect(member.says[0]).toBe('0 0 0 4 3');
    expect(member.says.at(-1)).toBe('3 0 0 4 3');
    member.own.fault = down;
    await pass(2 * ttlMs);
    expect(member.says.at(-1)).toBe('0 0 3 4 3');
    await shutDown(member);
  });

  it('L10: without a cap says that it has none', async () => {
    const member = setUpMember();
    await pass(0);
    expect(member.says).toEqual(['0 0 0 4 -']);
    await shutDown(member);
  });

  it('L10: hands over the one with the least work first, one after the other, down to its share', async () => {
    const member = setUpMember();
    await pass(ttlMs / 2);
    expect(member.pool.held()).toHaveLength(4);
    member.state.others = [other(0)];
    await pass(ttlMs);
    expect(member.handedOver).toEqual([2]);
    expect(member.says.at(-1)).toBe('3 1 0 4 -');
    member.working.get(2)?.end();
    await pass(ttlMs / 2);
    expect(member.handedOver).toEqual([2, 1]);
    member.working.get(1)?.end();
    await pass(ttlMs / 2);
    expect(member.says.at(-1)).toBe('2 2 0 4 -');
    // It leaves both to the other one.
    expect(member.pool.held().map(({ index }) => index)).toEqual([0, 3]);
    expect(member.handedOver).toEqual([2, 1]);
    await shutDown(member);
  });

  it('L10: hands over only what the other one competes for', async () => {
    const member = setUpMember();
    await pass(ttlMs / 2);
    member.state.others = [other(0, { pollers: 2 })];
    await pass(ttlMs);
    expect(member.handedOver).toEqual([1]);
    await shutDown(member);
  });

  it('L10: one that is no longer named is neither its own nor to be handed over', async () => {
    const member = setUpMember();
    await pass(ttlMs / 2);
    member.pool.rename(namesOf(2));
    member.state.others = [other(0, { pollers: 3 })];
    await pass(ttlMs);
    expect(member.says.at(-1)).toBe('1 1 2 2 -');
    expect(member.handedOver).toEqual([1]);
    await shutDown(member);
  });

  it('L4: says what a resize has taken away as long as its work has not ended', async () => {
    const member = setUpMember({ maxHeld: 2 });
    await pass(ttlMs);
    const [first, second] = member.pool.held().map(({ index }) => index);
    member.pool.rename(namesOf(0));
    await pass(ttlMs);
    expect(member.says.at(-1)).toBe('0 0 2 0 2');
    member.working.get(first ?? -1)?.end();
    await pass(ttlMs);
    expect(member.says.at(-1)).toBe('0 0 1 0 2');
    member.working.get(second ?? -1)?.end();
    await pass(ttlMs);
    expect(member.says.at(-1)).toBe('0 0 0 0 2');
    await shutDown(member);
  });

  it('L10: leaves free ones to an instance that has less than its share', async () => {
    const member = setUpMember({ maxHeld: 2 });
    await pass(ttlMs);
    expect(member.pool.held()).toHaveLength(2);
    member.state.others = [other(0, { pollers: 6 })];
    await pass(1_000);
    member.endWork();
    await pass(3 * ttlMs);
    // Its own even share is two of four, and the other one's three of six.
    expect(member.pool.held()).toHaveLength(2);
    member.state.others = [other(0), other(0, { id: 'another' })];
    await pass(1_000);
    member.endWork();
    await pass(3 * ttlMs);
    expect(member.pool.held()).toHaveLength(1);
    await shutDown(member);
  });

  it('L10: a look that fails is a failure of the store, of no lease', async () => {
    const member = setUpMember({ isDown: true });
    await pass(0);
    expect(member.of('storeFailed')).toMatchObject([{ index: undefined }]);
    await shutDown(member);
  });
});
