import { describe, expect, it } from 'vitest';
import {
  createInstance,
  down,
  hanging,
  heldInvoke,
  holding,
  pass,
  secret,
  shutDown,
  takeoverMs,
  ttlMs,
} from '../../support/leased-source.js';
import { settle } from '../../support/source-on-fake.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

const sizes = { maxConcurrency: 3, concurrencyPerPoller: 3 };

/** One at work: its poller has a task under way, and two polls open. */
async function atWork(more: object = {}) {
  const work = heldInvoke();
  const one = await holding({ invoke: work.invoke, config: { ...sizes, ...more } });
  const task = one.sfn.runTask('sum', { is: 'under way' });
  await settle();
  const [call] = work.calls;
  if (call === undefined) expect.unreachable();
  expect(one.source.status().pollers).toMatchObject([{ openPolls: 2, tasks: 1 }]);
  return { ...one, work, task, signal: call.signal };
}

const lost = [{ poller: 0, openPolls: 2, tasks: 1, lease: { lost: true } }];

describe("L5: a lease is lost, onLeaseLost 'drain'", () => {
  it.each([
    { trouble: 'refuses', fault: down },
    { trouble: 'hangs', fault: hanging },
  ])('L5: open polls are awaited, and what they bring is run ($trouble)', async ({ fault }) => {
    const one = await atWork();
    one.instance.fault = fault;
    const polls = one.sfn.calls('GetActivityTask');
    await pass(ttlMs);
    expect(one.of('leaseLost')).toMatchObject([{ poller: 0, error: 'LeaseExpired' }]);
    expect(one.source.status().pollers).toMatchObject(lost);
    expect(one.sfn.openPolls()).toBe(2);

    const brought = [one.sfn.runTask('sum', 1), one.sfn.runTask('sum', 2)];
    void one.sfn.runTask('sum', 3);
    await settle();
    expect(one.work.calls.map(({ body }) => body)).toEqual(['{"is":"under way"}', '1', '2']);
    await one.work.endAll();
    expect(await Promise.all([one.task, ...brought])).toEqual([
      { status: 'SUCCEEDED', output: '{"is":"under way"}' },
      { status: 'SUCCEEDED', output: '1' },
      { status: 'SUCCEEDED', output: '2' },
    ]);
    expect(one.signal.aborted).toBe(false);
    // The third task waits: no new poll.
    await pass(ttlMs / 6);
    expect(one.sfn.calls('GetActivityTask')).toBe(polls);
    expect(one.sfn.queued()).toBe(1);
    await shutDown(one);
  });

  it('L5: another instance has the poller meanwhile, and the old tasks go on beside the new ones', async () => {
    const one = await atWork();
    const { store, sfn } = one;
    const two = createInstance({ store, sfn, config: sizes });
    await two.source.start();
    one.instance.fault = down;
    await pass(takeoverMs);
    expect(two.pollers()).toEqual([0]);
    one.instance.fault = undefined;
    await one.work.endAll();
    expect(await one.task).toMatchObject({ status: 'SUCCEEDED' });
    await pass(61_000);
    expect(one.of('leaseReleased')).toHaveLength(1);
    // What is given back is not what the other holds.
    expect(two.pollers()).toEqual([0]);
    expect(two.of('leaseLost')).toEqual([]);
    await shutDown(one, two);
  });
});

describe("L5: a lease is lost, onLeaseLost 'abort'", () => {
  it('L5: invokes are aborted and their tasks failed with StepFuncSource.LeaseLost', async () => {
    const one = await atWork({ onLeaseLost: 'abort' });
    one.instance.fault = down;
    await pass(ttlMs);
    expect(one.signal.aborted).toBe(true);
    expect(one.signal.reason).toMatchObject({ name: 'AbortError', code: 'leaseLost' });
    expect(await one.task).toMatchObject({
      status: 'FAILED',
      error: 'StepFuncSource.LeaseLost',
      cause: expect.stringContaining('lost the poller') as unknown,
    });
    expect(one.of('taskFailed')).toMatchObject([{ error: 'StepFuncSource.LeaseLost' }]);
    await shutDown(one);
  });

  it('L5: open polls are not aborted; a task that they bring is failed, and never invoked', async () => {
    const one = await atWork({ onLeaseLost: 'abort' });
    one.instance.fault = down;
    const polls = one.sfn.calls('GetActivityTask');
    await pass(ttlMs);
    expect(one.sfn.openPolls()).toBe(2);
    expect(await one.sfn.runTask('sum', { is: 'brought' })).toMatchObject({
      status: 'FAILED',
      error: 'StepFuncSource.LeaseLost',
    });
    expect(one.work.calls.map(({ body }) => body)).toEqual(['{"is":"under way"}']);
    expect(one.sfn.calls('GetActivityTask')).toBe(polls);
    await settle();
    expect(one.source.status()).toMatchObject({ failed: 2, lost: 0 });
    await shutDown(one);
  });

  it('L5: a stop goes on beside it: nothing is failed twice', async () => {
    const one = await atWork({ onLeaseLost: 'abort' });
    const two = [one.sfn.runTask('sum', 2)];
    await settle();
    const stop = one.source.stop({ graceMs: 2 * ttlMs });
    one.instance.fault = down;
    await pass(ttlMs);
    expect(await Promise.all([one.task, ...two])).toMatchObject([
      { error: 'StepFuncSource.LeaseLost' },
      { error: 'StepFuncSource.LeaseLost' },
    ]);
    await pass(60_000);
    expect(await stop).toMatchObject({ succeeded: 0, failed: 2, lost: 0 });
  });
});

describe('L5: afterwards', () => {
  it.each(['drain', 'abort'])(
    "L5: the poller is given back and competed for again, and new tasks run ('%s')",
    async (onLeaseLost) => {
      const one = await atWork({ onLeaseLost });
      one.instance.fault = down;
      await pass(ttlMs);
      one.instance.fault = undefined;
      await one.work.endAll();
      // Its open polls come back.
      await pass(60_000);
      expect(one.pollers()).toEqual([0]);
      expect(one.store.isHeld(one.instance.calls[0]?.name ?? '')).toBe(true);
      const next = one.sfn.runTask('sum', { is: 'next' });
      await settle();
      await one.work.endAll();
      expect(await next).toEqual({ status: 'SUCCEEDED', output: '{"is":"next"}' });
      await shutDown(one);
    },
  );

  it('emits all of it, in order, and no secret of the store', async () => {
    const logged: [string, object, string][] = [];
    const level = (name: string) => (fields: object, message: string) =>
      void logged.push([name, fields, message]);
    const logger = Object.fromEntries(
      ['debug', 'info', 'warn', 'error'].map((name) => [name, level(name)]),
    );
    const one = await holding({ logger, config: sizes });
    one.instance.fault = down;
    await pass(ttlMs);
    one.instance.fault = undefined;
    await pass(60_000);
    await shutDown(one);

    const emitted = one.of('leaseAcquired', 'leaseLost', 'leaseReleased', 'lockStoreFailed');
    const names = emitted.map(({ name }) => name);
    const changes = names.filter((name) => name !== 'lockStoreFailed');
    expect(changes).toEqual([
      'leaseAcquired',
      'leaseLost',
      'leaseReleased',
      'leaseAcquired',
      'leaseReleased',
    ]);
    expect(names.slice(0, 3)).toEqual(['leaseAcquired', 'lockStoreFailed', 'lockStoreFailed']);
    expect(names.lastIndexOf('lockStoreFailed')).toBeLessThan(names.lastIndexOf('leaseAcquired'));
    for (const { name, ...event } of emitted) {
      expect(event).toMatchObject({ activityName: 'sum', poller: 0 });
      if (name === 'lockStoreFailed') expect(event.error).toBe('ECONNREFUSED');
    }

    const lines = logged.map(([name, , message]) => `${name}: ${message}`);
    expect(lines).toEqual(
      expect.arrayContaining([
        'info: Poller 0 is held here now',
        expect.stringMatching(/^warn: Poller 0 was lost: LeaseExpired: \S/) as unknown,
        'info: Poller 0 was given back',
        expect.stringMatching(
          /^warn: A call to the lock store failed with ECONNREFUSED: \S/,
        ) as unknown,
      ]),
    );
    expect(JSON.stringify([logged, one.emitted])).not.toContain(secret);
    expect(JSON.stringify([logged, one.emitted])).not.toContain('hunter2');
  });

  it('L5: a poller that the store says is not ours is lost at the next renewal, as LeaseNotOwned', async () => {
    const one = await atWork();
    one.store.passMs(ttlMs);
    await pass(ttlMs / 3);
    expect(one.of('leaseLost')).toMatchObject([{ poller: 0, error: 'LeaseNotOwned' }]);
    expect(one.of('lockStoreFailed')).toEqual([]);
    expect(one.source.status().pollers).toMatchObject(lost);
    await one.work.endAll();
    await shutDown(one);
  });
});
