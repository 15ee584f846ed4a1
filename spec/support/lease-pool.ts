import { expect, vi } from 'vitest';
import type { LeasePoolOptions } from '../../lib/leases/lease-pool.js';
import { createLeasePool } from '../../lib/leases/lease-pool.js';
import { systemClock } from '../../lib/async/clock.js';
import type { FakeStore, Fault, Method } from './fake-locks.js';
import { createFakeStore, never } from './fake-locks.js';

export const ttlMs = 12_000;
export const hour = 3_600_000;

export const nameOf = (index: number) => `poller-${index}`;
export const namesOf = (pollers: number) =>
  Array.from({ length: pollers }, (_, index) => nameOf(index));
export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

export interface Notice {
  what: 'acquired' | 'renewed' | 'lost' | 'released' | 'storeFailed';
  index: number;
  at: number;
  error?: unknown;
}

/** A pool whose works end when the test says so, or a while after their lease is lost. */
export function setUp(
  store: FakeStore,
  { pollers = 1, ...options }: Partial<LeasePoolOptions> & { pollers?: number } = {},
) {
  const instance = store.instance();
  const notices: Notice[] = [];
  const working = new Map<number, { end(): void; fail(error: Error): void; lost: AbortSignal }>();
  const notice = (what: Notice['what']) => (index: number, error?: unknown) =>
    void notices.push({
      what,
      index,
      at: performance.now(),
      ...(error === undefined ? {} : { error }),
    });
  const names = namesOf(pollers);
  const pool = createLeasePool({
    clock: systemClock,
    locks: instance.locks,
    names,
    ttlMs,
    work: (index, lost) =>
      new Promise<void>((resolve, reject) => {
        expect(working.has(index)).toBe(false);
        const end = () => {
          working.delete(index);
          resolve();
        };
        const fail = (error: Error) => {
          working.delete(index);
          reject(error);
        };
        working.set(index, { end, fail, lost });
      }),
    on: {
      acquired: notice('acquired'),
      renewed: notice('renewed'),
      lost: notice('lost'),
      released: notice('released'),
      storeFailed: notice('storeFailed'),
    },
    ...options,
  });
  const stopping = new AbortController();
  let ended = false;
  return {
    instance,
    pool,
    notices,
    working,
    of: (what: Notice['what']) => notices.filter((event) => event.what === what),
    callsOf: (method: Method) => instance.calls.filter((call) => call.method === method),
    start() {
      const run = pool.run(stopping.signal);
      const settled = () => void (ended = true);
      run.then(settled, settled);
      return run;
    },
    ended: () => ended,
    stop: () => stopping.abort(),
    endWork() {
      for (const { end } of [...working.values()]) end();
    },
  };
}

export type Instance = ReturnType<typeof setUp>;

/** Stops an instance, good or bad, and sees to it that it ends in bounded time. */
export async function shutDown(...instances: Instance[]): Promise<void> {
  for (const { stop, endWork } of instances) {
    stop();
    endWork();
  }
  await pass(ttlMs);
  for (const { ended, working, pool } of instances) {
    expect(ended()).toBe(true);
    expect(working.size).toBe(0);
    expect(pool.held()).toEqual([]);
  }
}

/** One instance that holds its one poller. */
export async function holding(options: Partial<LeasePoolOptions> = {}) {
  const store = createFakeStore();
  const instance = setUp(store, options);
  void instance.start();
  await pass(0);
  expect(instance.of('acquired')).toHaveLength(1);
  expect(instance.working.size).toBe(1);
  const { lost } = instance.working.get(0) ?? expect.unreachable();
  return { store, lost, ...instance };
}

export const down: Fault = (call) => {
  if (call.method === 'createLock') return call.effect();
  return Promise.reject(new Error('ECONNREFUSED'));
};
export const hanging: Fault = (call) => (call.method === 'createLock' ? call.effect() : never());
export const slow =
  (ms: number): Fault =>
  async (call) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return call.effect();
  };

export const gaps = (calls: { at: number }[]) =>
  calls.slice(1).map(({ at }, index) => at - (calls[index]?.at ?? 0));
