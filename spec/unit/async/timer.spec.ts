import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../../lib/async/clock.js';
import { systemClock } from '../../../lib/async/clock.js';
import { sleep, startDeadline, startTimer } from '../../../lib/async/timer.js';
import { listeners, watch } from '../../support/watch.js';
import { useFakeTimers } from '../../support/fake-timers.js';

const PEER = `
const { parentPort, workerData } = require('node:worker_threads');
const server = require('node:net').createServer((socket) => {
  // What is sent in its own turn of the loop arrives while the other thread waits for it.
  parentPort.once('message', () => {
    socket.write('x', () => {
      Atomics.store(workerData, 0, 1);
      Atomics.notify(workerData, 0);
    });
  });
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

function blockLoop(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

const DAY_MS = 24 * 60 * 60 * 1_000;

useFakeTimers();

const lengths: [string, number][] = [
  ['a second', 1_000],
  ['as long as a timer of Node can', 2_147_483_647],
  ['a millisecond more than that', 2_147_483_648],
  ['30 days', 30 * DAY_MS],
  ['a year', 365 * DAY_MS],
];

describe('startTimer', () => {
  it.each(lengths)('calls once, after %s, and not a millisecond before', (_, ms) => {
    const then = vi.fn();
    startTimer(ms, then, systemClock);
    vi.advanceTimersByTime(ms - 1);
    expect(then).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(then).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(ms);
    expect(then).toHaveBeenCalledTimes(1);
  });

  it.each([1_000, 40 * DAY_MS, Infinity])('of %d ms is canceled at any time', (ms) => {
    for (const after of [0, 500, 30 * DAY_MS]) {
      if (after >= ms) continue;
      const then = vi.fn();
      const cancel = startTimer(ms, then, systemClock);
      vi.advanceTimersByTime(after);
      cancel();
      expect(vi.getTimerCount()).toBe(0);
      cancel();
      vi.advanceTimersByTime(400 * DAY_MS);
      expect(then).not.toHaveBeenCalled();
    }
  });

  it('has nothing to cancel once it has called', () => {
    const then = vi.fn();
    const cancel = startTimer(1, then, systemClock);
    vi.advanceTimersByTime(1);
    cancel();
    expect(then).toHaveBeenCalledTimes(1);
  });
});

/** A clock whose timers fire late by as much as the spec says, and whose turns take a time of their own. */
function slowClock({ lateMs, turnMs = 0 }: { lateMs: number; turnMs?: number }) {
  let now = 0;
  let turns = 0;
  const clock: Clock = {
    ...systemClock,
    monotonic: () => now,
    setTimer: (ms, then) =>
      systemClock.setTimer(ms, () => {
        now += ms + lateMs;
        then();
      }),
    afterReading: (then) =>
      systemClock.afterReading(() => {
        turns += 1;
        now += turnMs;
        then();
      }),
  };
  return { clock, turns: () => turns };
}

const { setImmediate } = globalThis;

/** As many turns of the real loop as any deadline takes. */
async function turnLoop(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('startDeadline', () => {
  it.each([
    ['on time', 0, 0, 1],
    ['on time, in a loop whose turns take 3 ms', 0, 3, 10],
    ['on time, in a loop whose turns take 200 ms', 0, 200, 2],
    ['3 ms late', 3, 0, 10],
    ['51 ms late', 51, 0, 10],
    ['a minute late', 60_000, 0, 10],
    ['a minute late, in a loop whose turns take 100 ms', 60_000, 100, 3],
  ])(
    'T12: a limit that fires %s lets the loop read before it acts',
    async (_, lateMs, turnMs, turns) => {
      const slow = slowClock({ lateMs, turnMs });
      const then = vi.fn();
      startDeadline(1_000, then, slow.clock);
      await vi.advanceTimersByTimeAsync(999);
      await turnLoop();
      expect(slow.turns()).toBe(0);
      vi.advanceTimersByTime(1);
      expect(then).not.toHaveBeenCalled();
      await turnLoop();
      expect(then).toHaveBeenCalledTimes(1);
      expect(slow.turns()).toBe(turns);
    },
  );

  it.each([
    ['on time', 0, 1],
    ['late', 60_000, 1],
    ['late', 60_000, 5],
    ['late', 60_000, 9],
  ])(
    'T12: what arrives cancels a limit that is %s (%i ms), in turn %i',
    async (_, lateMs, turn) => {
      const slow = slowClock({ lateMs });
      const then = vi.fn();
      const cancel = startDeadline(1_000, then, {
        ...slow.clock,
        afterReading: (next) =>
          slow.clock.afterReading(() => {
            if (slow.turns() === turn) cancel();
            else next();
          }),
      });
      await vi.advanceTimersByTimeAsync(2_000);
      await turnLoop();
      expect(then).not.toHaveBeenCalled();
      expect(slow.turns()).toBe(turn);
    },
  );

  it('T12: a limit that fires on time, right after a block, does not beat what arrived meanwhile', async () => {
    vi.useRealTimers();
    const sent = new Int32Array(new SharedArrayBuffer(4));
    // Its own thread: it sends while this one is blocked.
    const peer = new Worker(PEER, { eval: true, workerData: sent });
    const [port] = (await once(peer, 'message')) as [number];
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const order: string[] = [];
    socket.on('data', () => order.push('read'));
    // By this clock the limit is never late, and no turn takes any time.
    const clock = { ...systemClock, monotonic: () => 0 };
    const acted = new Promise<void>((resolve) => {
      startDeadline(
        20,
        () => {
          order.push('acted');
          resolve();
        },
        clock,
      );
    });
    peer.postMessage('send');
    // After the phase of the loop in which it reads: the next one is that of timers.
    setImmediate(() => {
      Atomics.wait(sent, 0, 0, 10_000);
      blockLoop(30);
    });
    await acted;
    await peer.terminate();
    socket.destroy();
    expect(order).toEqual(['read', 'acted']);
    vi.useFakeTimers();
  });

  it('is canceled before it is due, and leaves no timer behind', () => {
    const then = vi.fn();
    startDeadline(40 * DAY_MS, then, systemClock)();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('sleep', () => {
  it.each([
    ['a second', 1_000],
    ['as long as a timer of Node can', 2_147_483_647],
    ['a millisecond more than that', 2_147_483_648],
    ['30 days', 30 * DAY_MS],
    ['a year', 365 * DAY_MS],
  ])('waits for %s, and not a millisecond less', async (_, ms) => {
    const { signal } = new AbortController();
    const watched = watch(sleep(signal, ms, systemClock));
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(watched).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    expect(watched.settled).toEqual(['resolved', undefined]);
    expect(listeners(signal)).toBe(0);
  });

  it('waits for ever for Infinity, and ends with its signal', async () => {
    const controller = new AbortController();
    const watched = watch(sleep(controller.signal, Infinity, systemClock));
    await vi.advanceTimersByTimeAsync(1_000 * DAY_MS);
    expect(watched).toEqual({});
    expect(vi.getTimerCount()).toBe(1);
    controller.abort();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(0);
    expect(watched.settled).toMatchObject(['rejected', { name: 'AbortError' }]);
    expect(listeners(controller.signal)).toBe(0);
  });

  it('ends with its signal in a later stretch of a long wait', async () => {
    const controller = new AbortController();
    const watched = watch(sleep(controller.signal, 60 * DAY_MS, systemClock));
    await vi.advanceTimersByTimeAsync(55 * DAY_MS);
    controller.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(watched.settled).toMatchObject(['rejected', { name: 'AbortError' }]);
  });

  it('does not begin under a signal that has aborted', async () => {
    await expect(sleep(AbortSignal.abort(), Infinity, systemClock)).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
