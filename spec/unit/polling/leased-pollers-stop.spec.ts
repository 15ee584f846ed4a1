import { describe, expect, it, vi } from 'vitest';
import {
  createInstance,
  down,
  hanging,
  heldInvoke,
  holding,
  pass,
  shutDown,
  ttlMs,
} from '../../support/leased-source.js';
import { only } from '../../support/fake-locks.js';
import { never, settle } from '../../support/source-on-fake.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

const sizes = { maxConcurrency: 4, concurrencyPerPoller: 2 };

describe('L8: stop', () => {
  it('L8, S1: sends no new poll, runs what there is to its end, renewing on, and gives the pollers back', async () => {
    const work = heldInvoke();
    const one = await holding({ invoke: work.invoke, config: sizes });
    const { store, sfn } = one;
    const task = sfn.runTask('sum', { is: 'long' });
    await settle();
    const two = createInstance({ store, sfn, invoke: work.invoke, config: sizes });
    await two.source.start();

    const stop = one.source.stop();
    const renewals = one.calls('extend');
    const polls = sfn.calls('GetActivityTask');
    // The poller without a task is free once its poll has come back; the other is held on.
    await pass(60_000 + ttlMs / 3);
    expect(two.pollers()).toHaveLength(1);
    await pass(10 * ttlMs);
    expect(one.calls('extend') - renewals).toBeGreaterThanOrEqual(30);
    expect(one.of('leaseReleased')).toHaveLength(1);
    expect(one.of('leaseLost')).toEqual([]);
    expect(two.pollers()).toHaveLength(1);
    const polledByTwo = two.source.status().pollers.length;
    expect(sfn.openPolls()).toBe(polledByTwo);

    await work.endAll();
    expect(await task).toMatchObject({ status: 'SUCCEEDED' });
    expect(await stop).toEqual({ succeeded: 1, failed: 0, abandonedPolls: 0, lost: 0 });
    const stoppedAt = performance.now();
    while (two.pollers().length < 2) await pass(ttlMs / 60);
    // L4: within a third of the ttl.
    expect(performance.now() - stoppedAt).toBeLessThanOrEqual(ttlMs / 3);
    expect(sfn.calls('GetActivityTask')).toBeGreaterThan(polls);
    const ended = one.instance.calls.length;
    await pass(10 * ttlMs);
    expect(one.instance.calls).toHaveLength(ended);
    await shutDown(two);
  });

  it('L8, S2: at graceMs polls and invokes end, and the pollers are given back', async () => {
    const one = await holding({ invoke: never, config: sizes });
    const task = one.sfn.runTask('sum', 1);
    await settle();
    // A poll beside the task, and one of the other poller.
    expect(one.sfn.openPolls()).toBe(2);
    const stop = one.source.stop({ graceMs: 3 * ttlMs });
    await pass(3 * ttlMs - 1);
    expect(one.source.state).toBe('stopping');
    expect(one.of('leaseReleased')).toEqual([]);
    await pass(1);
    expect(await stop).toEqual({ succeeded: 0, failed: 1, abandonedPolls: 2, lost: 0 });
    expect(await task).toMatchObject({ status: 'FAILED', error: 'StepFuncSource.Stopped' });
    expect(one.of('leaseReleased')).toHaveLength(2);
    for (const { name } of one.instance.calls) expect(one.store.isHeld(name)).toBe(false);
    // The fake's own memory of aborted polls.
    await pass(60_000);
  });

  it.each([
    { trouble: 'refuses', fault: down },
    { trouble: 'hangs', fault: hanging },
    { trouble: 'hangs at release', fault: only('release', () => new Promise(() => undefined)) },
  ])('L8, L9: is bounded if the store $trouble: a sixth of the ttl more', async ({ fault }) => {
    const one = await holding({ config: sizes });
    one.instance.fault = fault;
    const stop = one.source.stop({ graceMs: 1_000 });
    await pass(1_000 + ttlMs / 6);
    expect(await stop).toMatchObject({ failed: 0, lost: 0 });
    expect(one.source.state).toBe('stopped');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('L8, L9: while the store is down and nothing was ever held, it ends at once', async () => {
    const one = createInstance({ config: sizes });
    one.instance.fault = down;
    await one.source.start();
    await pass(5 * ttlMs);
    const stop = one.source.stop();
    await pass(ttlMs / 3);
    expect(await stop).toEqual({ succeeded: 0, failed: 0, abandonedPolls: 0, lost: 0 });
    expect(one.sfn.calls('GetActivityTask')).toBe(0);
  });

  it('L8: what is granted while it stops is given back, and not polled for', async () => {
    const one = createInstance();
    one.instance.fault = (call) =>
      call.method !== 'acquireImmediately'
        ? call.effect()
        : new Promise((resolve) => {
            setTimeout(() => resolve(call.effect()), ttlMs / 12);
          });
    await one.source.start();
    const stop = one.source.stop();
    await pass(ttlMs / 6);
    await stop;
    expect(one.of('leaseAcquired')).toEqual([]);
    expect(one.sfn.calls('GetActivityTask')).toBe(0);
    expect(one.store.isHeld(one.instance.calls[0]?.name ?? '')).toBe(false);
  });

  it('L8: a source that was stopped competes again once it is started', async () => {
    const one = await holding({ config: sizes });
    await shutDown(one);
    await one.source.start();
    await pass(ttlMs / 3);
    expect(one.pollers()).toEqual([0, 1]);
    expect(await one.sfn.runTask('sum', 1)).toMatchObject({ status: 'SUCCEEDED' });
    await shutDown(one);
  });

  it('L8, L5: a stop while a lost poller drains waits for its tasks, and gives it back', async () => {
    const work = heldInvoke();
    const one = await holding({ invoke: work.invoke });
    const task = one.sfn.runTask('sum', 1);
    await settle();
    one.instance.fault = down;
    await pass(ttlMs);
    const stop = one.source.stop();
    await pass(ttlMs);
    expect(one.source.state).toBe('stopping');
    one.instance.fault = undefined;
    await work.endAll();
    expect(await task).toMatchObject({ status: 'SUCCEEDED' });
    await pass(ttlMs / 6);
    expect(await stop).toMatchObject({ succeeded: 1, lost: 0 });
    expect(one.of('leaseReleased')).toHaveLength(1);
  });
});
