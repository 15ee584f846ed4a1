import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import type { ShutdownSignals } from '../../../lib/async/shutdown.js';
import { createShutdown } from '../../../lib/async/shutdown.js';
import { runLeasedPollers } from '../../../lib/polling/leased-pollers.js';
import type { Poller } from '../../../lib/polling/poller.js';
import { pollersFor } from '../../../lib/polling/slots.js';
import {
  createInstance,
  down,
  heldInvoke,
  holding,
  pass,
  shutDown,
  ttlMs,
} from '../../support/leased-source.js';
import { createFakeStore } from '../../support/fake-locks.js';
import { settle } from '../../support/source-on-fake.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

const ascending = (pollers: number[]) => [...pollers].sort((a, b) => a - b);

describe('L1: names', () => {
  it.each([
    [10, 5],
    [20, 10],
    [2, 1],
  ])('L1: pollers are named after the activity and a number, not after %i and %i', async (M, P) => {
    const one = await holding({ config: { maxConcurrency: M, concurrencyPerPoller: P } });
    const arn = one.sfn.activityArn('sum');
    const names = new Set(one.instance.calls.map(({ name }) => name));
    expect(names).toEqual(new Set([`stepfunc-source:${arn}:0`, `stepfunc-source:${arn}:1`]));
    await shutDown(one);
  });

  it('L1: instances of other sizes share pollers: what one holds, the other does not run', async () => {
    const before = await holding({ config: { maxConcurrency: 10, concurrencyPerPoller: 5 } });
    const { store, sfn } = before;
    const after = createInstance({
      store,
      sfn,
      config: { maxConcurrency: 20, concurrencyPerPoller: 5 },
    });
    await after.source.start();
    await pass(ttlMs);
    expect(before.pollers()).toEqual([0, 1]);
    expect(after.pollers()).toEqual([2, 3]);
    await shutDown(before);
    await pass(ttlMs / 3);
    expect(after.pollers()).toEqual([0, 1, 2, 3]);
    await shutDown(after);
  });

  it('L1: sources of other activities have nothing to do with each other', async () => {
    const sum = await holding();
    const split = await holding({ store: sum.store, config: { activityName: 'split' } });
    expect([sum.pollers(), split.pollers()]).toEqual([[0], [0]]);
    await shutDown(sum, split);
  });
});

describe('C4: pollers shared by all instances', () => {
  it('C4, L3: started together, they share the pollers, each poller being with one', async () => {
    const first = createInstance({ config: { maxConcurrency: 12, concurrencyPerPoller: 3 } });
    const { store, sfn } = first;
    const more = () =>
      createInstance({ store, sfn, config: { maxConcurrency: 12, concurrencyPerPoller: 3 } });
    const all = [first, more(), more()];
    await Promise.all(all.map(({ source }) => source.start()));
    await pass(ttlMs / 3);
    expect(ascending(all.flatMap(({ pollers }) => pollers()))).toEqual([0, 1, 2, 3]);
    for (const { pollers } of all) expect(pollers().length).toBeGreaterThanOrEqual(1);
    expect(sfn.openPolls()).toBe(4);
    await shutDown(...all);
  });

  it('C4: a backlog is run by maxConcurrency at a time, however many instances there are', async () => {
    const work = heldInvoke();
    const sizes = { maxConcurrency: 7, concurrencyPerPoller: 2 };
    const first = createInstance({ invoke: work.invoke, config: sizes });
    const { store, sfn } = first;
    const more = () => createInstance({ store, sfn, invoke: work.invoke, config: sizes });
    const all = [first, more(), more(), more(), more(), more()];
    for (let i = 0; i < 100; i++) void sfn.runTask('sum', i);
    for (const { source } of all) {
      await source.start();
      await pass(1_000);
    }
    for (let i = 0; i < 50; i++) {
      await pass(ttlMs / 10);
      expect(sfn.running()).toBe(7);
      work.calls.shift()?.end();
      await settle();
    }
    await shutDown(...all);
  });

  it('C4: maxPollersPerInstance caps what one takes, and leaves the others to other instances', async () => {
    const sizes = { maxConcurrency: 3, maxPollersPerInstance: 1 };
    const one = await holding({ config: sizes });
    const { store, sfn } = one;
    await pass(10 * ttlMs);
    expect(one.pollers()).toHaveLength(1);
    expect(sfn.openPolls()).toBe(1);
    const two = await holding({ store, sfn, config: { ...sizes, maxPollersPerInstance: 2 } });
    expect(ascending([...one.pollers(), ...two.pollers()])).toEqual([0, 1, 2]);
    await shutDown(one, two);
  });

  it('C4: maxPollersPerInstance counts a lost poller that is still at work', async () => {
    const work = heldInvoke();
    const sizes = { maxConcurrency: 3, maxPollersPerInstance: 1 };
    const one = await holding({ invoke: work.invoke, config: sizes });
    void one.sfn.runTask('sum', 1);
    await settle();
    one.instance.fault = down;
    await pass(ttlMs);
    one.instance.fault = undefined;
    await pass(2 * ttlMs);
    expect(one.source.status().pollers).toMatchObject([{ tasks: 1, lease: { lost: true } }]);
    await work.endAll();
    await pass(ttlMs);
    expect(one.pollers()).toHaveLength(1);
    await shutDown(one);
  });

  it('a poller that was given back is watched no longer: no health problem comes of it', async () => {
    const one = await holding();
    const { store, sfn } = one;
    one.instance.fault = down;
    await pass(60_000 + ttlMs);
    const two = await holding({ store, sfn });
    one.instance.fault = undefined;
    await pass(200_000);
    expect(one.source.status().pollers).toEqual([]);
    expect(one.source.health()).toEqual({ ok: true, problems: [] });
    await shutDown(one, two);
  });

  it('is shown by status(): who holds what here, since when, renewed when', async () => {
    const one = createInstance({ config: { maxConcurrency: 5, concurrencyPerPoller: 3 } });
    await one.source.start();
    const startedAt = Date.now();
    await pass(ttlMs / 3);
    const statusOf = (poller: number) => one.source.status().pollers[poller];
    expect(statusOf(0)).toMatchObject({ poller: 0, concurrency: 3, openPolls: 1, tasks: 0 });
    expect(statusOf(1)).toMatchObject({ poller: 1, concurrency: 2, openPolls: 1, tasks: 0 });
    const before = statusOf(0)?.lease ?? expect.unreachable();
    expect(before.lost).toBe(false);
    expect(before.since - startedAt).toBeLessThan(ttlMs / 3);
    await pass(10 * ttlMs);
    const after = statusOf(0)?.lease ?? expect.unreachable();
    expect(after.since).toBe(before.since);
    expect(Date.now() - after.renewedAt).toBeLessThanOrEqual(ttlMs / 3);
    await shutDown(one);
    expect(one.source.status().pollers).toEqual([]);
  });
});

describe('L9: nothing left behind', () => {
  /** Pollers by themselves, so that the end they listen to can be looked at. */
  function runPollers(shutdown: ShutdownSignals) {
    const instance = createFakeStore().instance();
    const started: { shutdown: ShutdownSignals }[] = [];
    const pollers = runLeasedPollers(shutdown, {
      activityArn: 'arn',
      pollers: pollersFor(3, 1),
      locks: instance.locks,
      clock: systemClock,
      lockTtlMs: ttlMs,
      maxPollersPerInstance: undefined,
      onLeaseLost: 'drain',
      emit: () => undefined,
      createPoller: ({ concurrency }) => {
        const poller: Pick<Poller, 'run' | 'snapshot'> = {
          run: (own) =>
            new Promise((resolve) => {
              started.push({ shutdown: own });
              own.drain.addEventListener('abort', () => resolve());
            }),
          snapshot: () => ({ concurrency, openPolls: 0, tasks: 0 }),
        };
        return poller as Poller;
      },
    });
    return { instance, started, pollers };
  }

  const listeners = (shutdown: ShutdownSignals) =>
    [shutdown.drain, shutdown.abortInvokes, shutdown.abortPolls, shutdown.abandonReports].map(
      (signal) => getEventListeners(signal, 'abort').length,
    );

  it('S3, L9: pollers that are lost and had again leave no listener on the end of the source', async () => {
    const shutdown = createShutdown();
    const { instance, started, pollers } = runPollers(shutdown);
    await pass(ttlMs / 3);
    expect(started).toHaveLength(3);
    const before = listeners(shutdown);
    for (let outage = 1; outage <= 20; outage++) {
      instance.fault = down;
      await pass(2 * ttlMs);
      expect(pollers.snapshot()).toEqual([]);
      instance.fault = undefined;
      await pass(2 * ttlMs);
      expect(started).toHaveLength(3 * (outage + 1));
    }
    expect(listeners(shutdown)).toEqual(before);
    shutdown.startDrain();
    await pollers.ended;
    expect(listeners(shutdown)).toEqual([0, 0, 0, 0]);
  });

  it('L9: a source that is started and stopped again and again leaves no lease, poll or timer', async () => {
    const one = createInstance({ config: { maxConcurrency: 4 } });
    for (let run = 1; run <= 5; run++) {
      await one.source.start();
      await pass(ttlMs / 3);
      expect(one.pollers()).toEqual([0, 1, 2, 3]);
      await shutDown(one);
      expect(vi.getTimerCount()).toBe(0);
      expect(one.of('leaseReleased')).toHaveLength(4 * run);
      for (const { name } of one.instance.calls) expect(one.store.isHeld(name)).toBe(false);
    }
  });
});
