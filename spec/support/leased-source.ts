import { expect, vi } from 'vitest';
import type { EventName, Invoke, InvokeResponse, StepFuncSource } from '../../lib/index.js';
import { createStepFuncSource } from '../../lib/index.js';
import { FakeSfn } from '../../lib/testing/index.js';
import type { FakeInstance, FakeStore, Fault } from './fake-locks.js';
import { createFakeStore, never } from './fake-locks.js';
import { answer, config, fine, settle } from './source-on-fake.js';

export const ttlMs = 12_000;
/** Long enough for whoever is free to have tried every free poller, whatever failed before. */
export const takeoverMs = ttlMs + ttlMs / 3;

export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** What the lock store's clients throw; its text must not be emitted. */
export const secret = 'redis://default:hunter2@10.0.0.7';

const whole: (fault: Fault) => Fault = (fault) => (call) =>
  call.method === 'createLock' ? call.effect() : fault(call);

export const down = whole(() =>
  Promise.reject(Object.assign(new Error(`connect ${secret}`), { code: 'ECONNREFUSED' })),
);
export const hanging = whole(never);

const eventNames: EventName[] = [
  'stateChanged',
  'taskReceived',
  'taskSucceeded',
  'taskFailed',
  'taskLost',
  'leaseAcquired',
  'leaseLost',
  'leaseReleased',
  'lockStoreFailed',
];

export interface Emitted {
  name: EventName;
  at: number;
  poller?: number;
  error?: string;
}

interface Options {
  store?: FakeStore;
  sfn?: FakeSfn;
  invoke?: Invoke;
  config?: object;
  logger?: object;
}

export interface LeasedSource {
  source: StepFuncSource;
  sfn: FakeSfn;
  store: FakeStore;
  instance: FakeInstance;
  emitted: Emitted[];
  /** Events of some names, in order. */
  of(...names: EventName[]): Emitted[];
  /** The pollers that it holds, those lost and still at work left out. */
  pollers(): number[];
  calls(method: 'acquireImmediately' | 'extend' | 'release'): number;
}

/** An instance of a service: its source shares its store, and maybe its Step Functions, with others. */
export function createInstance(options: Options = {}): LeasedSource {
  const {
    store = createFakeStore(),
    sfn = new FakeSfn({ longPollMs: 60_000 }),
    invoke = fine,
  } = options;
  const instance = store.instance();
  const source = createStepFuncSource({ ...config, lockTtlMs: ttlMs, ...options.config }, invoke, {
    client: sfn,
    locks: instance.locks,
    ...(options.logger === undefined ? {} : { logger: options.logger as never }),
  });
  const emitted: Emitted[] = [];
  for (const name of eventNames) {
    source.on(
      name,
      (event: object) => void emitted.push({ name, at: performance.now(), ...event }),
    );
  }
  return {
    source,
    sfn,
    store,
    instance,
    emitted,
    of: (...names) => emitted.filter(({ name }) => names.includes(name)),
    pollers: () =>
      source
        .status()
        .pollers.filter(({ lease }) => lease?.lost === false)
        .map(({ poller }) => poller),
    calls: (method) => instance.calls.filter((call) => call.method === method).length,
  };
}

/** One that runs, and holds every poller. */
export async function holding(options: Options = {}): Promise<LeasedSource> {
  const instance = createInstance(options);
  await instance.source.start();
  await pass(ttlMs / 3);
  const { length } = instance.source.status().pollers;
  expect(length).toBeGreaterThan(0);
  return instance;
}

/** Stops all, letting as much time pass as polls and the store need. */
export async function shutDown(...instances: LeasedSource[]): Promise<void> {
  const stops = instances.map(({ source }) => source.stop({ graceMs: 0 }));
  await pass(60_000 + ttlMs);
  await Promise.all(stops);
  for (const { source } of instances) expect(source.state).toBe('stopped');
}

/** An invoke whose tasks end when the test says so. */
export function heldInvoke() {
  const calls: { body: string; signal: AbortSignal; end(): void }[] = [];
  const invoke: Invoke = ({ body }, signal) =>
    new Promise<InvokeResponse>((resolve) => {
      calls.push({ body, signal, end: () => resolve(answer(body)) });
    });
  return {
    invoke,
    calls,
    async endAll() {
      for (const { end } of calls) end();
      await settle();
    },
  };
}
