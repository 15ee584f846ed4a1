import { describe, expect, it, vi } from 'vitest';
import type { Standing } from '../../../lib/leases/fair-share.js';
import { formatStanding } from '../../../lib/leases/fair-share.js';
import { createSharing } from '../../../lib/leases/sharing.js';
import type { LockFactory } from '../../../lib/locks/types.js';
import { never } from '../../support/fake-locks.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

/** A call may take 10 s, a hand-over is waited with for as long, and a look counts for 30 s. */
const ttlMs = 60_000;
const createLock: LockFactory['createLock'] = () => expect.unreachable();

const other = (held: number, more: Partial<Standing> = {}) =>
  formatStanding({
    id: 'other',
    held,
    handedOver: 0,
    draining: 0,
    pollers: 8,
    cap: Infinity,
    ...more,
  });

/** An instance that holds pollers 0 to 7 of 8, among others that say what the test wants. */
function setUp(random = 0.5) {
  const clock = { ...createVirtualClock(), random: () => random };
  const startedAt = clock.monotonic();
  let held = [0, 1, 2, 3, 4, 5, 6, 7];
  const looks: { says: string; at: number }[] = [];
  const handedOver: number[] = [];
  const failed: unknown[] = [];
  const state = {
    others: [] as string[],
    renew: undefined as (() => Promise<string[]>) | undefined,
    leave: async () => undefined as void,
  };
  const createMembership = vi.fn(() => ({
    renew(says: string) {
      looks.push({ says, at: clock.monotonic() - startedAt });
      return state.renew?.() ?? Promise.resolve(state.others);
    },
    leave: vi.fn(() => state.leave()),
  }));
  const sharing =
    createSharing({
      locks: { createLock, createMembership },
      group: 'members',
      ttlMs,
      clock,
      standing: () => ({ held: held.length, draining: 0, pollers: 8, cap: Infinity }),
      candidates: (below) => held.filter((index) => index < below).reverse(),
      handOver(index) {
        handedOver.push(index);
        held = held.filter((each) => each !== index);
      },
      onFailed: (error) => failed.push(error),
    }) ?? expect.unreachable();
  /** Looks after so long, as the loop of the pool does. */
  const lookAfter = async (ms: number) => {
    await clock.pass(ms);
    const looked = sharing.look();
    await clock.pass(0);
    return looked;
  };
  const says = () => looks.map(({ says: text }) => text.replace(/^\S+ /, ''));
  const leave = () => createMembership.mock.results[0]?.value as { leave: () => Promise<void> };
  return {
    ...{ clock, sharing, state, looks, handedOver, failed, lookAfter, says, createMembership },
    left: () => vi.mocked(leave().leave).mock.calls.length,
    hold: (indices: number[]) => void (held = indices),
  };
}

describe('L10: what an instance says of itself', () => {
  it('L10: is a member of the group for a ttl', () => {
    expect(setUp().createMembership).toHaveBeenCalledExactlyOnceWith('members', ttlMs);
  });

  it.each([
    ['has none', { createLock }],
    ['makes none', { createLock, createMembership: () => undefined as never }],
  ])('L10: does not hold with a store that %s', (_, locks) => {
    const { clock } = setUp();
    const options = { group: 'members', ttlMs, clock, standing: () => expect.unreachable() };
    const hooks = { candidates: () => [], handOver: () => undefined, onFailed: () => undefined };
    expect(createSharing({ locks, ...options, ...hooks })).toBeUndefined();
  });

  it('L10: has an id of its own, of 36 ** 8', async () => {
    const ids = [];
    for (const random of [0.2, 0.5, 0.9]) {
      const { lookAfter, looks } = setUp(random);
      await lookAfter(0);
      ids.push(looks[0]?.says.split(' ')[0]);
    }
    for (const id of ids) expect(id).toMatch(/^[\da-z]{8}$/);
    expect(new Set(ids).size).toBe(3);
  });

  it('L10: says how many it holds, and looks at most once in a sixtieth of the ttl', async () => {
    const { lookAfter, says, hold } = setUp();
    await lookAfter(0);
    await lookAfter(999);
    expect(says()).toEqual(['8 0 0 8 -']);
    hold([1, 2]);
    await lookAfter(1);
    expect(says()).toEqual(['8 0 0 8 -', '2 0 0 8 -']);
  });
});

describe('L10: handing over', () => {
  it('L10: hands one over when another has lacked it for a sixth of the ttl', async () => {
    const { lookAfter, state, handedOver, sharing } = setUp();
    state.others = [other(0)];
    await lookAfter(0);
    await lookAfter(9_999);
    expect(handedOver).toEqual([]);
    await lookAfter(1_000);
    expect(handedOver).toEqual([7]);
    expect([6, 7].map(sharing.isHandedOver)).toEqual([false, true]);
    expect(sharing.forUs([6, 7])).toEqual([]);
  });

  it('L10: one that has lacked some, and then none, is waited for anew', async () => {
    const { lookAfter, state, handedOver } = setUp();
    state.others = [other(0)];
    await lookAfter(0);
    state.others = [];
    await lookAfter(5_000);
    state.others = [other(0)];
    await lookAfter(5_000);
    await lookAfter(5_000);
    expect(handedOver).toEqual([]);
    await lookAfter(5_000);
    expect(handedOver).toEqual([7]);
  });

  it('L10: only pollers for which the other one competes', async () => {
    const { lookAfter, state, handedOver } = setUp();
    state.others = [other(0, { pollers: 4 })];
    await lookAfter(0);
    await lookAfter(10_000);
    expect(handedOver).toEqual([3]);
  });

  it('L10: none, if it is for a richer one to hand over', async () => {
    const { lookAfter, state, handedOver } = setUp();
    state.others = [other(2, { pollers: 9 }), other(9, { id: 'rich' })];
    await lookAfter(0);
    await lookAfter(10_000);
    expect(handedOver).toEqual([]);
  });

  it('L10: one at a time: the next once it is released', async () => {
    const { lookAfter, state, handedOver, sharing, says } = setUp();
    state.others = [other(0)];
    await lookAfter(0);
    await lookAfter(10_000);
    await lookAfter(10_000);
    expect(says().at(-1)).toBe('7 1 0 8 -');
    expect(handedOver).toEqual([7]);
    sharing.released(7);
    await lookAfter(1_000);
    expect(handedOver).toEqual([7, 6]);
  });

  it('L10: a poller that was handed over is left to others for a ttl after its release', async () => {
    const { lookAfter, state, sharing, says } = setUp();
    state.others = [other(0)];
    await lookAfter(0);
    await lookAfter(10_000);
    // While its work goes on, however long that takes.
    await lookAfter(10 * ttlMs);
    expect(sharing.forUs([7])).toEqual([]);
    sharing.released(7);
    state.others = [other(4)];
    await lookAfter(ttlMs - 1);
    expect(sharing.forUs([7])).toEqual([]);
    expect(says().at(-1)).toBe('7 1 0 8 -');
    await lookAfter(1_000);
    expect(sharing.isHandedOver(7)).toBe(false);
    expect(sharing.forUs([7])).toEqual([7]);
    expect(says().at(-1)).toBe('7 0 0 8 -');
  });

  it('L10: at the end of that ttl it may be taken again', async () => {
    const { lookAfter, state, sharing } = setUp();
    state.others = [other(0)];
    await lookAfter(0);
    await lookAfter(10_000);
    sharing.released(7);
    state.others = [];
    await lookAfter(ttlMs);
    expect(sharing.isHandedOver(7)).toBe(false);
  });

  it('L10: the release of another poller changes nothing', async () => {
    const { lookAfter, sharing } = setUp();
    await lookAfter(0);
    sharing.released(3);
    expect(sharing.isHandedOver(3)).toBe(false);
  });

  it('L10: leaves free ones to those that lack some, and no longer', async () => {
    const { lookAfter, state, sharing, handedOver } = setUp();
    state.others = [other(0, { pollers: 4 })];
    await lookAfter(0);
    expect(sharing.forUs([0, 3, 4])).toEqual([4]);
    state.others = [other(2, { pollers: 4 })];
    await lookAfter(1_000);
    expect(sharing.forUs([0, 3, 4])).toEqual([0, 3, 4]);
    expect(handedOver).toEqual([]);
  });

  it('L10: what another version has written says nothing', async () => {
    const { lookAfter, state, handedOver, failed } = setUp();
    state.others = ['{"held":0}', 'words'];
    await lookAfter(0);
    await lookAfter(10_000);
    expect(handedOver).toEqual([]);
    expect(failed).toEqual([]);
    // Nor does it count as an instance.
    state.others = [other(3), 'words'];
    await lookAfter(10_000);
    await lookAfter(10_000);
    expect(handedOver).toEqual([7]);
  });
});

describe('L10: a store in trouble', () => {
  const down = () => Promise.reject(new Error('down'));

  it('L10: what was seen counts for half a ttl, and then no longer', async () => {
    const { lookAfter, state, sharing, failed } = setUp();
    state.others = [other(0)];
    await lookAfter(0);
    state.renew = down;
    await lookAfter(29_999);
    expect(sharing.forUs([0])).toEqual([]);
    await lookAfter(1_000);
    expect(sharing.forUs([0])).toEqual([0]);
    expect(failed).toEqual([new Error('down'), new Error('down')]);
  });

  it('L10: what was seen is weighed against what this instance holds now', async () => {
    const { lookAfter, state, sharing, hold } = setUp();
    hold([0, 1, 2]);
    state.others = [other(1)];
    await lookAfter(0);
    expect(sharing.forUs([3, 4])).toEqual([3, 4]);
    // With a fourth it has its share. That look fails, and the other one still lacks three.
    hold([0, 1, 2, 3]);
    state.renew = down;
    await lookAfter(1_000);
    expect(sharing.forUs([4])).toEqual([]);
  });

  it('L10: at half a ttl exactly it is forgotten', async () => {
    const { lookAfter, state, sharing } = setUp();
    state.others = [other(0)];
    await lookAfter(0);
    state.renew = down;
    await lookAfter(30_000);
    expect(sharing.forUs([0])).toEqual([0]);
  });

  it('L10: nothing is handed over after a look that failed', async () => {
    const { lookAfter, state, handedOver } = setUp();
    state.others = [other(0)];
    await lookAfter(0);
    state.renew = down;
    await lookAfter(10_000);
    expect(handedOver).toEqual([]);
  });

  it('L10: a look that takes more than a sixth of the ttl has failed', async () => {
    const { clock, state, sharing, failed } = setUp();
    state.renew = never;
    const looked = sharing.look();
    await clock.pass(9_999);
    expect(failed).toEqual([]);
    await clock.pass(1);
    await looked;
    expect(failed).toMatchObject([{ name: 'TimeoutError' }]);
  });
});

describe('L10: how often it looks', () => {
  function setUpRunning(random = 0) {
    const instance = setUp(random);
    return { ...instance, at: () => instance.looks.slice(1).map((look) => look.at) };
  }

  /** Begins the loop after a first look, as a pool does, and says when it looks. */
  async function running(random = 0) {
    const instance = setUpRunning(random);
    const stopping = new AbortController();
    await instance.lookAfter(0);
    const ran = instance.sharing.run(stopping.signal);
    return { ...instance, stopping, ran };
  }

  it('L10: while it does not know better, every twelfth of the ttl', async () => {
    const { clock, at } = await running();
    await clock.pass(5_000);
    expect(at()).toEqual([5_000]);
  });

  it('L10: every third, once nothing changes any more', async () => {
    const { clock, at } = await running();
    await clock.pass(46_000);
    expect(at()).toEqual([5_000, 25_000, 45_000]);
  });

  it('L10: a tenth sooner, at random', async () => {
    const { clock, at } = await running(1);
    await clock.pass(45_000);
    expect(at()).toEqual([4_500, 22_500, 40_500]);
  });

  it('L10: every twelfth while it holds another number than before', async () => {
    const { clock, at, hold } = await running();
    await clock.pass(24_999);
    hold([1, 2]);
    await clock.pass(6_000);
    expect(at()).toEqual([5_000, 25_000, 30_000]);
  });

  it('L10: every twelfth while another one lacks some', async () => {
    const { clock, at, state } = await running();
    state.others = [other(0, { cap: 1 })];
    await clock.pass(10_000);
    expect(at()).toEqual([5_000, 10_000]);
  });

  it('L10: every twelfth while one is handed over, and at once when it is released', async () => {
    const { clock, at, state, sharing, handedOver } = await running();
    state.others = [other(0)];
    await clock.pass(15_000);
    expect(handedOver).toEqual([7]);
    state.others = [other(4)];
    await clock.pass(11_500);
    expect(at()).toEqual([5_000, 10_000, 15_000, 20_000, 25_000]);
    sharing.released(7);
    await clock.pass(0);
    expect(at().at(-1)).toBe(26_500);
    // And on, for as long as it is left to others.
    await clock.pass(10_000);
    expect(at().slice(-2)).toEqual([31_500, 36_500]);
  });

  it('L10: every third while the store is away for so long that nothing counts', async () => {
    const { clock, at, state } = await running();
    state.others = [other(0)];
    await clock.pass(5_000);
    state.renew = () => Promise.reject(new Error('down'));
    await clock.pass(55_000);
    expect(at()).toEqual([5_000, 10_000, 15_000, 20_000, 25_000, 30_000, 35_000, 55_000]);
  });

  it('L10: every third while the store has never answered', async () => {
    const { clock, at, state, sharing } = setUpRunning();
    state.renew = () => Promise.reject(new Error('down'));
    await sharing.look();
    const stopping = new AbortController();
    const ran = sharing.run(stopping.signal);
    await clock.pass(40_000);
    expect(at()).toEqual([20_000, 40_000]);
    stopping.abort();
    await ran;
  });

  it('L10: leaves the group at the end, and looks no more', async () => {
    const { clock, stopping, ran, looks, left } = await running();
    expect(left()).toBe(0);
    stopping.abort();
    await ran;
    expect(left()).toBe(1);
    await clock.pass(10 * ttlMs);
    expect(looks).toHaveLength(1);
    expect(clock.timers()).toBe(0);
  });

  it('L10: a group that can not be left holds nothing up', async () => {
    const { stopping, ran, state } = await running();
    state.leave = () => Promise.reject(new Error('down'));
    stopping.abort();
    await expect(ran).resolves.toBeUndefined();
  });

  it('L10: a group whose store is silent holds the end up by a sixth of the ttl', async () => {
    const { clock, stopping, ran, state } = await running();
    let ended = false;
    void ran.then(() => void (ended = true));
    state.leave = never;
    stopping.abort();
    await clock.pass(9_999);
    expect(ended).toBe(false);
    await clock.pass(1);
    expect(ended).toBe(true);
  });
});
