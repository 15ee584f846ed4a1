import { describe, expect, it } from 'vitest';
import type { Fault } from '../../support/fake-locks.js';
import { createFakeStore, only } from '../../support/fake-locks.js';
import { ttlMs, pass, down, hanging, slow, setUp, shutDown } from '../../support/lease-pool.js';
import { watchTimersAndWarnings } from '../../support/fake-timers.js';

watchTimersAndWarnings();

describe('L5, L6, L7: a store that does anything', () => {
  const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

  /** Each call takes effect late or not, and its answer comes late, wrong or not at all. */
  const anything: Fault = async (call) => {
    await later(Math.random() * (ttlMs / 8));
    const fate = Math.random();
    if (fate < 0.1) throw new Error('ECONNREFUSED');
    if (fate < 0.15) await later(ttlMs / 3);
    const answer = await call.effect();
    await later(Math.random() * (ttlMs / 16));
    if (fate < 0.25) throw new Error('ECONNRESET');
    return answer;
  };

  it('L5, L6, L7: never has two at work on one poller, and always comes back to one', async () => {
    for (let run = 0; run < 10; run++) {
      const store = createFakeStore();
      const instances = Array.from({ length: 3 }, () => setUp(store, { pollers: 3 }));
      const atWork = () =>
        instances.flatMap(({ working }) =>
          [...working].filter(([, { lost }]) => !lost.aborted).map(([index]) => index),
        );
      for (const { start } of instances) void start();
      for (let step = 0; step < 400; step++) {
        for (const { instance, working } of instances) {
          if (Math.random() < 0.03) {
            instance.fault = [undefined, anything, down, hanging][Math.floor(Math.random() * 4)];
            if (instance.fault === anything || instance.fault === down) {
              const { fault } = instance;
              instance.fault = (call) =>
                call.method === 'createLock' ? call.effect() : fault(call);
            }
          }
          for (const { end, lost } of [...working.values()]) {
            if (Math.random() < (lost.aborted ? 0.2 : 0.01)) end();
          }
        }
        await pass(ttlMs / 20);
        expect(new Set(atWork()).size).toBe(atWork().length);
      }
      for (const { instance } of instances) instance.fault = undefined;
      for (let step = 0; step < 10; step++) {
        // Some leases are found to be lost only now.
        for (const { working } of instances) {
          for (const { end, lost } of [...working.values()]) if (lost.aborted) end();
        }
        await pass(ttlMs / 3);
      }
      expect(atWork().sort()).toEqual([0, 1, 2]);
      await shutDown(...instances);
    }
  });
});

describe('L9: many leases', () => {
  it('L9: 1,000 leases: all held and kept, with no warning of leaked listeners', async () => {
    const store = createFakeStore();
    const instance = setUp(store, { pollers: 1_000 });
    instance.instance.fault = only('acquireImmediately', slow(5));
    const ran = instance.start();
    await pass(ttlMs / 3 + 500);
    expect(instance.pool.held()).toHaveLength(1_000);
    await pass(ttlMs / 2);
    expect(instance.of('renewed').length).toBeGreaterThan(1_000);
    expect(instance.of('lost')).toEqual([]);
    instance.stop();
    instance.endWork();
    await pass(100);
    await ran;
  });
});
