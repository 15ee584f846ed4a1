import { expect, it } from 'vitest';
import type { EventName } from '../../lib/index.js';
import { FakeSfn } from '../../lib/testing/index.js';
import { createFakeStore } from '../support/fake-locks.js';
import { createInstance, down } from '../support/leased-source.js';
import { until } from '../support/integration/until.js';

const lockTtlMs = 1_000;
/** Longer than the lease is valid, and shorter than the store keeps it. */
const BLOCK_MS = 0.94 * lockTtlMs;

/** Really: no timer fires, no socket is read. */
function block(): void {
  const endsAt = performance.now() + BLOCK_MS;
  while (performance.now() < endsAt);
}

/** A function that blocks when it is called for the first time. */
function blocker(): () => void {
  let blocked = false;
  return () => {
    if (!blocked) block();
    blocked = true;
  };
}

function setUp(logger?: object) {
  const store = createFakeStore();
  const sfn = new FakeSfn({ longPollMs: 200 });
  const config = { lockTtlMs };
  const one = createInstance({ store, sfn, config, ...(logger && { logger }) });
  const other = createInstance({ store, sfn, config });
  return { sfn, one, other };
}

type Setting = ReturnType<typeof setUp>;

/** One instance has the poller and polls, and no other holds on to it. */
async function expectPolling({ sfn, one, other }: Setting): Promise<void> {
  await until(async () => {
    const { status } = await sfn.runTask('sum', [1, 2, 3], { signal: AbortSignal.timeout(500) });
    expect(status).toBe('SUCCEEDED');
  });
  await until(() => {
    const pollers = [one, other].flatMap(({ source }) => source.status().pollers);
    expect(pollers).toMatchObject([{ poller: 0, lease: { lost: false } }]);
  });
}

async function stop({ one, other }: Setting): Promise<void> {
  await Promise.all([one.source.stop(), other.source.stop()]);
}

const events: EventName[] = ['leaseAcquired', 'taskReceived', 'stateChanged', 'leaseReleased'];

it.each(events)(
  'L12: a listener of %s that blocks for longer than the lease is valid: the poller is polled for',
  async (event) => {
    const setting = setUp();
    setting.one.source.on(event, blocker());
    await setting.one.source.start();
    await setting.other.source.start();
    await expectPolling(setting);
    await stop(setting);
  },
);

it('L12: the one whose listener of leaseAcquired blocked loses the lease, and gives it back', async () => {
  const setting = setUp();
  const { one, other } = setting;
  one.source.on('leaseAcquired', blocker());
  await one.source.start();
  await other.source.start();
  await until(() => expect(one.of('leaseLost', 'leaseReleased')).toHaveLength(2));
  expect(one.of('leaseLost')).toMatchObject([{ error: 'LeaseExpired' }]);
  await expectPolling(setting);
  await stop(setting);
});

it('L12: a logger that blocks while the lease is got: the poller is polled for', async () => {
  const blockOnce = blocker();
  const write = (_fields: object, message: string) => {
    if (message.includes('lease') || message.includes('poller')) blockOnce();
  };
  const setting = setUp({ debug: write, info: write, warn: write, error: write });
  await setting.one.source.start();
  await setting.other.source.start();
  await expectPolling(setting);
  await stop(setting);
});

it('L12: a listener of leaseLost that blocks: the poller is polled for', async () => {
  const setting = setUp();
  const { one, other } = setting;
  one.source.on('leaseLost', blocker());
  await one.source.start();
  await until(() => expect(one.of('leaseAcquired')).toHaveLength(1));
  one.instance.fault = down;
  await until(() => expect(one.of('leaseLost')).toHaveLength(1));
  one.instance.fault = undefined;
  await other.source.start();
  await expectPolling(setting);
  await stop(setting);
});
