import type { TestContext } from 'vitest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LeasePool, LeasePoolOptions } from '../../../lib/leases/lease-pool.js';
import { createLeasePool } from '../../../lib/leases/lease-pool.js';
import type { Clock } from '../../../lib/async/clock.js';
import { systemClock } from '../../../lib/async/clock.js';
import { StoreTimeoutError } from '../../../lib/locks/late-call.js';
import { LOCK_NOT_OWNED } from '../../../lib/locks/types.js';
import { watchStalls } from '../../support/stalls.js';
import { drivers, loadDrivers } from './connect.js';
import type { Engine, RunningEngine } from './engines.js';

/** For what must not happen: a busy machine may stall for as long as a short lease lives. */
const patientTtlMs = 6_000;
/** For the store's own time, and this machine's under load. */
const slackMs = 1_500;
const chaosMs = 5_000;
/** For what does not wait for an end: a call has a sixth of it, longer than any stall. */
const longTtlMs = 60_000;

const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const until = (assertion: () => unknown) => vi.waitFor(assertion, { timeout: 40_000, interval: 5 });

/** Makes a call once more if it had no answer in time, as a busy machine may have none. */
async function inTime<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof StoreTimeoutError)) throw error;
    return call();
  }
}

/** Beyond that, a time that was taken is the machine's. */
const peacefulMs = 250;

/**
 * Takes a time, and takes it again if this process stood still meanwhile: it says nothing of the locks
 * then. Skips the test if the machine gives no peace.
 */
async function timed({ skip }: TestContext, take: () => Promise<number>): Promise<number> {
  for (let times = 0; times < 3; times += 1) {
    const stalls = watchStalls();
    const tookMs = await take();
    stalls.stop();
    if (stalls.longestMs() < peacefulMs) return tookMs;
  }
  return skip('the machine was too busy to measure');
}

/** What every store must do for the cluster-wide limit, tried on one engine. */
export function lockContract(engine: Engine): void {
  if (engine.missing !== undefined) {
    describe.skip(`locks in ${engine.name} (skipped: ${engine.missing})`, () => {
      it('is not here', () => undefined);
    });
    return;
  }

  describe(`locks in ${engine.name}`, { concurrent: true }, () => {
    let store: RunningEngine;
    const figures: string[] = [];
    let pollers = 0;
    // dynalite takes more of the CPU than a real server, and a busy machine has none to spare.
    const slowness = engine.kind === 'dynamodb' ? 2 : 1;
    const ttlMs = slowness * 1_500;
    /** For what has a bound: so long that the slack hides no lease that was left to end by itself. */
    const boundTtlMs = slowness * 3_000;
    /** Names of its own for each test: they run side by side, and outside stores keep things. */
    const uniqueName = () => `stepfunc-source:${process.pid}:${Date.now()}:${(pollers += 1)}`;

    beforeAll(async () => {
      await loadDrivers(engine.kind);
      store = await engine.start();
    });
    afterAll(async () => {
      await store.stop();
      console.info(`locks in ${engine.name}: ${figures.join('; ')}`);
    });

    const measured = (what: string, ms: number) =>
      void figures.push(`${what} ${(ms / 1_000).toFixed(2)} s`);

    /** An instance of a service: its own client, network, clock, and a work that ends when the spec says so. */
    async function createInstance(names: string[], options: Partial<LeasePoolOptions> = {}) {
      const client = await store.client();
      const stopping = new AbortController();
      const events = { acquired: 0, released: 0, storeFailed: 0, lost: [] as unknown[] };
      const live = new Map<number, () => void>();
      const pool: LeasePool = createLeasePool({
        clock: systemClock,
        locks: client.locks,
        names,
        ttlMs,
        work: (index, lost) =>
          new Promise<void>((resolve) => {
            const end = () => {
              live.delete(index);
              resolve();
            };
            live.set(index, end);
            lost.addEventListener('abort', end);
            stopping.signal.addEventListener('abort', end);
            if (stopping.signal.aborted) end();
          }),
        on: {
          acquired: () => (events.acquired += 1),
          lost: (_index, error) => events.lost.push(error),
          released: () => (events.released += 1),
          storeFailed: () => (events.storeFailed += 1),
        },
        ...options,
      });
      let ran: Promise<void> | undefined;
      return {
        ...client,
        pool,
        events,
        /** Pollers at work now, none of them lost. */
        live: () => [...live.keys()],
        start: () => void (ran = pool.run(stopping.signal)),
        async stop() {
          stopping.abort();
          await ran;
          await client.close();
        },
      };
    }

    const settled = (instance: { live(): number[] }, count = 1) =>
      until(() => expect(instance.live()).toHaveLength(count));

    /** Two instances that compete for one poller. The first has it. */
    async function holderAndOther() {
      const names = [uniqueName()];
      const options = { ttlMs: boundTtlMs };
      const [a, b] = [await createInstance(names, options), await createInstance(names, options)];
      a.start();
      await settled(a);
      b.start();
      return [a, b] as const;
    }

    describe('kept by pools', { concurrent: true }, () => {
      // The longest first: they run five at a time.
      it('never has two at work on one poller, whatever happens to instances and networks', async () => {
        const names = [uniqueName(), uniqueName()];
        const instances = new Set<Awaited<ReturnType<typeof createInstance>>>();
        let handOvers = 0;
        let overlaps = 0;

        const join = async () => {
          const instance = await createInstance(names);
          instances.add(instance);
          instance.start();
        };
        const check = () => {
          const atWork = [...instances].flatMap(({ live }) => live());
          overlaps += atWork.length - new Set(atWork).size;
        };
        const pick = () => [...instances][Math.floor(Math.random() * instances.size)];

        await Promise.all([join(), join(), join()]);
        await until(() => {
          expect([...instances].flatMap(({ live }) => live())).toHaveLength(names.length);
        });
        const watching = setInterval(check, 5);
        const endsAt = performance.now() + chaosMs;
        while (performance.now() < endsAt) {
          await pass(150 + Math.random() * 200);
          const instance = pick();
          const fate = Math.random();
          if (fate < 0.3) await instance?.network.refuse();
          else if (fate < 0.5) instance?.network.hang();
          else if (fate < 0.8) await instance?.network.restore();
          else if (instance !== undefined) {
            await instance.stop();
            instances.delete(instance);
            handOvers += instance.events.acquired;
            await join();
          }
        }
        clearInterval(watching);
        for (const instance of instances) {
          await instance.network.restore();
          await instance.stop();
          handOvers += instance.events.acquired;
        }
        figures.push(`chaos: ${overlaps} overlaps in ${handOvers} hand-overs`);
        expect(overlaps).toBe(0);
        expect(handOvers).toBeGreaterThanOrEqual(names.length);
      });

      it('L3: instances started together share the pollers', async () => {
        const names = Array.from({ length: 6 }, uniqueName);
        // So long a ttl that the first has not got all before the second is connected.
        const options = { ttlMs: patientTtlMs };
        const [a, b] = [await createInstance(names, options), await createInstance(names, options)];
        a.start();
        b.start();
        await until(() => expect(a.live().length + b.live().length).toBe(6));
        for (const { live } of [a, b]) expect(live().length).toBeGreaterThanOrEqual(1);
        await Promise.all([a.stop(), b.stop()]);
        expect(a.events.released + b.events.released).toBe(6);
      });

      it('L4: at a stop, pollers run elsewhere within a third of the ttl', async (context) => {
        const took = await timed(context, async () => {
          const [a, b] = await holderAndOther();
          await pass(boundTtlMs);
          expect(b.live()).toEqual([]);
          const stoppedAt = performance.now();
          await a.stop();
          await settled(b);
          const tookMs = performance.now() - stoppedAt;
          await b.stop();
          return tookMs;
        });
        measured('handed over at a stop', took);
        expect(took).toBeLessThan(boundTtlMs / 3 + slackMs);
      });

      it('L4: pollers of a holder that vanishes run elsewhere within the ttl and a third', async (context) => {
        const took = await timed(context, async () => {
          const [a, b] = await holderAndOther();
          await pass(boundTtlMs * (1 + Math.random() / 3));
          const vanishedAt = performance.now();
          await a.network.refuse();
          await settled(b);
          const tookMs = performance.now() - vanishedAt;
          expect(a.live()).toEqual([]);
          await Promise.all([a.stop(), b.stop()]);
          return tookMs;
        });
        measured('taken over from one that vanished', took);
        expect(took).toBeLessThan(boundTtlMs + boundTtlMs / 3 + slackMs);
      });

      it.each(['refuses', 'hangs'])(
        'L2, L6: the store %s: a loss is declared before the ttl; once it is back, all goes on',
        async (trouble) => {
          const instance = await createInstance([uniqueName()], { ttlMs: boundTtlMs });
          instance.start();
          await settled(instance);
          await pass((boundTtlMs / 3) * Math.random());
          // While the loop stands still, nothing is declared and nothing is polled.
          const stalls = watchStalls();
          const goneAt = performance.now();
          if (trouble === 'hangs') instance.network.hang();
          else await instance.network.refuse();
          await settled(instance, 0);
          const took = performance.now() - goneAt;
          measured(`store ${trouble}: loss declared`, took);
          stalls.stop();
          expect(took - stalls.longestMs()).toBeLessThan(boundTtlMs);
          await pass(boundTtlMs);
          await instance.network.restore();
          await settled(instance);
          expect(instance.events.storeFailed).toBeGreaterThan(0);
          await instance.stop();
        },
      );

      it('L6: an outage shorter than the lease changes nothing', async () => {
        const instance = await createInstance([uniqueName()], { ttlMs: patientTtlMs });
        instance.start();
        await settled(instance);
        await instance.network.refuse();
        await until(() => expect(instance.events.storeFailed).toBeGreaterThan(0));
        await instance.network.restore();
        await pass(patientTtlMs);
        expect(instance.events).toMatchObject({ acquired: 1, lost: [] });
        await instance.stop();
      });

      it('L6: a store that is down at start: it begins by itself', async () => {
        const instance = await createInstance([uniqueName()]);
        await instance.network.refuse();
        instance.start();
        await until(() => expect(instance.events.storeFailed).toBeGreaterThan(1));
        expect(instance.events.acquired).toBe(0);
        await instance.network.restore();
        await settled(instance);
        await instance.stop();
      });

      it('L2: a wall clock that leaps by an hour, forward and back, changes nothing', async () => {
        let leap = 0;
        const clock: Clock = { ...systemClock, wall: () => Date.now() + leap };
        const name = uniqueName();
        const instance = await createInstance([name], { clock, ttlMs: patientTtlMs });
        const other = await createInstance([name], { ttlMs: patientTtlMs });
        instance.start();
        await settled(instance);
        other.start();
        for (leap of [3_600_000, 0, -3_600_000, 0]) await pass(patientTtlMs / 5);
        expect(instance.events).toMatchObject({ acquired: 1, lost: [] });
        expect(other.events.acquired).toBe(0);
        await Promise.all([instance.stop(), other.stop()]);
      });
    });

    // The pools above are tried by one driver: `STORE_DRIVER` names another.
    describe.each(drivers[engine.kind])('the store, by %s', { concurrent: true }, (driver) => {
      it('grants a name to one at a time; a release frees it at once', async () => {
        const [a, b] = [await store.client(driver), await store.client(driver)];
        const name = uniqueName();
        const lockOf = ({ locks }: typeof a, of = name) => locks.createLock(of, longTtlMs);
        const lock = lockOf(a);
        expect(await lock.acquireImmediately()).toBe(true);
        expect(await lockOf(b).acquireImmediately()).toBe(false);
        expect(await lockOf(b, uniqueName()).acquireImmediately()).toBe(true);
        await lock.release();
        await expect(lock.release()).rejects.toMatchObject({ code: LOCK_NOT_OWNED });
        await expect(lock.extend(longTtlMs)).rejects.toMatchObject({ code: LOCK_NOT_OWNED });
        expect(await lockOf(b).acquireImmediately()).toBe(true);
      });

      it('grants a name to one of many who ask at once', async () => {
        const clients = await Promise.all(Array.from({ length: 5 }, () => store.client(driver)));
        const name = uniqueName();
        const granted = await Promise.all(
          clients.map(({ locks }) => locks.createLock(name, longTtlMs).acquireImmediately()),
        );
        expect(granted.filter(Boolean)).toHaveLength(1);
      });

      it('L4: passes over a dead holder after its ttl, not before, and rejects its calls', async () => {
        const [a, b] = [await store.client(driver), await store.client(driver)];
        const name = uniqueName();
        const dead = a.locks.createLock(name, ttlMs);
        const askedAt = performance.now();
        await dead.acquireImmediately();
        const heir = b.locks.createLock(name, patientTtlMs);
        await until(async () => expect(await heir.acquireImmediately()).toBe(true));
        expect(performance.now() - askedAt).toBeGreaterThanOrEqual(0.9 * ttlMs);
        await expect(dead.extend(ttlMs)).rejects.toMatchObject({ code: LOCK_NOT_OWNED });
        await expect(dead.release()).rejects.toMatchObject({ code: LOCK_NOT_OWNED });
        await heir.extend(patientTtlMs);
      });

      it('holds on for a holder who renews', async () => {
        const [a, b] = [await store.client(driver), await store.client(driver)];
        const name = uniqueName();
        const lock = a.locks.createLock(name, patientTtlMs);
        await inTime(() => lock.acquireImmediately());
        for (let renewal = 0; renewal < 4; renewal++) {
          await pass(patientTtlMs / 3);
          const other = b.locks.createLock(name, patientTtlMs);
          expect(await inTime(() => other.acquireImmediately())).toBe(false);
          await inTime(() => lock.extend(patientTtlMs));
        }
      });

      it('L11: a connection that dies without a word costs one call', async () => {
        const client = await store.client(driver);
        const lock = client.locks.createLock(uniqueName(), 60_000);
        expect(await lock.acquireImmediately()).toBe(true);
        for (let event = 0; event < 3; event++) {
          client.network.silence();
          await lock.extend(60_000).catch(() => undefined);
          await lock.extend(60_000);
        }
        await lock.release();
      });

      it('L10: shows members of a group each other, as long as they are here', async () => {
        const [a, b] = [await store.client(driver), await store.client(driver)];
        const group = `${uniqueName()}:members`;
        const [one, other] = [
          a.locks.createMembership?.(group, patientTtlMs),
          b.locks.createMembership?.(group, patientTtlMs),
        ];
        if (one === undefined || other === undefined) throw new Error('No membership');
        expect(await one.renew('1 of one')).toEqual([]);
        expect(await other.renew('1 of other')).toEqual(['1 of one']);
        expect(await one.renew('2 of one')).toEqual(['1 of other']);
        expect(await other.renew('2 of other')).toEqual(['2 of one']);
        // One that says nothing more is gone after its ttl.
        await until(async () => expect(await one.renew('3 of one')).toEqual([]));
        expect(await other.renew('3 of other')).toEqual(['3 of one']);
        await one.leave();
        expect(await other.renew('4 of other')).toEqual([]);
        await other.leave();
      });

      it.each(['refuses', 'hangs'])(
        'L6: a store that %s makes calls reject in bounded time, not as "not owned"',
        async (trouble) => {
          const client = await store.client(driver);
          const lock = client.locks.createLock(uniqueName(), 60_000);
          expect(await lock.acquireImmediately()).toBe(true);
          if (trouble === 'hangs') client.network.hang();
          else await client.network.refuse();
          const at = performance.now();
          const error: unknown = await lock.extend(60_000).catch((thrown: unknown) => thrown);
          expect(error).toBeInstanceOf(Error);
          expect(error).not.toMatchObject({ code: LOCK_NOT_OWNED });
          expect(performance.now() - at).toBeLessThan(slowness * 4_000);
          await client.network.restore();
          await until(() => lock.extend(60_000));
        },
      );
    });
  });
}
