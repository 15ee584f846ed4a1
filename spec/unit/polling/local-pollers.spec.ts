import { describe, expect, it } from 'vitest';
import type { ShutdownSignals } from '../../../lib/async/shutdown.js';
import { createShutdown } from '../../../lib/async/shutdown.js';
import type { PollerHooks } from '../../../lib/polling/activity-poller.js';
import { runLocalPollers } from '../../../lib/polling/local-pollers.js';
import type { Poller } from '../../../lib/polling/poller.js';
import { pollersFor } from '../../../lib/polling/slots.js';

/** A poller whose tasks and end are set by hand. */
interface Hand {
  index: number;
  concurrency: number;
  tasks: number;
  shutdown: ShutdownSignals | undefined;
  hooks: PollerHooks;
  resizes: number;
  end(): void;
}

async function setUp(maxConcurrency: number) {
  const hands: Hand[] = [];
  const shutdown = createShutdown();
  const set = runLocalPollers(shutdown, pollersFor(maxConcurrency, 10), (limits, hooks) => {
    const hand: Hand = {
      ...limits,
      tasks: 0,
      shutdown: undefined,
      hooks,
      resizes: 0,
      end: () => undefined,
    };
    const ended = new Promise<void>((resolve) => (hand.end = resolve));
    hands.push(hand);
    return {
      run(signals) {
        hand.shutdown = signals;
        return ended;
      },
      resize(concurrency) {
        hand.concurrency = concurrency;
        hand.resizes += 1;
      },
      snapshot: () => ({ concurrency: hand.concurrency, openPolls: 0, tasks: hand.tasks }),
      vitals: () => ({ openPolls: 0, tasks: hand.tasks }),
    } as Poller;
  });
  await Promise.resolve();
  const slots = () => set.snapshot().map(({ poller, concurrency }) => [poller, concurrency]);
  const hand = (at: number): Hand => {
    const found = hands[at];
    if (found === undefined) throw new Error(`There are ${hands.length} pollers`);
    return found;
  };
  return { set, shutdown, hands, hand, slots };
}

/** Until every promise that can go on has done so. */
const turn = () => new Promise(setImmediate);

describe('runLocalPollers', () => {
  it('C1: runs all pollers, each with its slots', async () => {
    const { slots } = await setUp(25);
    expect(slots()).toEqual([
      [0, 10],
      [1, 10],
      [2, 5],
    ]);
  });

  it('a poller that is taken away drains, and stays in the status until it has ended', async () => {
    const { set, hand, slots } = await setUp(20);
    hand(1).tasks = 4;
    set.resize(pollersFor(10, 10));
    expect(hand(1).shutdown?.drain.aborted).toBe(true);
    expect(hand(0).shutdown?.drain.aborted).toBe(false);
    expect(slots()).toEqual([
      [0, 10],
      [1, 0],
    ]);
    hand(1).end();
    await turn();
    expect(slots()).toEqual([[0, 10]]);
  });

  it('C2: a poller in the place of a draining one has to wait for the slots that still run', async () => {
    const { set, hands, hand } = await setUp(20);
    hand(1).tasks = 10;
    set.resize(pollersFor(10, 10));
    set.resize(pollersFor(20, 10));
    expect(hands).toHaveLength(2);
    hand(1).tasks = 4;
    hand(0).hooks.onSlotFreed?.();
    expect(hand(2)).toMatchObject({ index: 1, concurrency: 6 });
    hand(1).tasks = 0;
    hand(1).end();
    await turn();
    expect(hand(2).concurrency).toBe(10);
  });

  it('a slot that becomes free changes nothing, once each poller has what it is to have', async () => {
    const { set, hand } = await setUp(20);
    const resizes = () => hand(0).resizes + hand(1).resizes;
    const free = () => {
      const before = resizes();
      hand(0).hooks.onSlotFreed?.();
      return resizes() - before;
    };
    expect(free()).toBe(0);
    hand(0).tasks = 10;
    set.resize([
      { index: 0, concurrency: 4 },
      { index: 1, concurrency: 16 },
    ]);
    expect(hand(1).concurrency).toBe(10);
    expect(free()).toBe(2);
    hand(0).tasks = 7;
    expect(free()).toBe(2);
    expect(hand(1).concurrency).toBe(13);
    hand(0).tasks = 4;
    expect(free()).toBe(2);
    expect(hand(1).concurrency).toBe(16);
    expect(free()).toBe(0);
  });

  it('H: has the vitals of each poller, by its index', async () => {
    const { set, hand } = await setUp(20);
    hand(1).tasks = 3;
    expect(set.vitals()).toEqual([
      { poller: 0, openPolls: 0, tasks: 0 },
      { poller: 1, openPolls: 0, tasks: 3 },
    ]);
    expect(set.lockStoreFailing()).toBeUndefined();
  });

  it('S1: ends once the last poller has, and starts none after the stop began', async () => {
    const { set, shutdown, hands, hand } = await setUp(20);
    let hasEnded = false;
    void set.ended.then(() => (hasEnded = true));
    shutdown.startDrain();
    set.resize(pollersFor(40, 10));
    expect(hands).toHaveLength(2);
    hand(0).end();
    await turn();
    expect(hasEnded).toBe(false);
    hand(1).end();
    await set.ended;
    expect(set.snapshot()).toHaveLength(2);
  });
});
