import type { StepFuncSource } from '../../lib/index.js';
import { createStepFuncSource } from '../../lib/index.js';
import { FakeSfn } from '../../lib/testing/index.js';
import type { Network } from './network.js';
import { clientOver, createNetwork, sleep } from './network.js';
import type { Store, StoreKind } from './stores.js';
import { createStore } from './stores.js';
import { createThrottle } from './throttle.js';

export interface ClusterOptions {
  /** Tasks at a time over all instances. */
  maxConcurrency: number;
  concurrencyPerPoller: number;
  maxPollersPerInstance?: number | undefined;
  lockTtlMs: number;
  store: StoreKind;
  /** How long a task takes. */
  taskMs: number;
}

/** What the cluster has done that it must not do, or that it had to put up with. */
export interface Observations {
  /** Times that a poller was begun here while another live instance still had it. */
  heldTwice: number;
  /** Tasks at a time, at most, in live instances. */
  mostTasks: number;
  tasks: { started: number; ended: number; waitedMs: number[] };
  /** Failed polls by the name of their error. */
  pollsFailed: Map<string, number>;
  /** Milliseconds that the last poller of vanished instances was nobody's. */
  takenOverAfter: number;
  /** Milliseconds that a poller given back at a stop was nobody's, at most. */
  handedOverAfter: number;
}

interface Instance {
  source: StepFuncSource;
  network: Network;
  /** Tasks whose invoke is under way. */
  tasks: number;
}

export type Cluster = ReturnType<typeof createCluster>;

/** Round trips of a network within one region. */
const STORE_RTT_MS = 2;
const SFN_RTT_MS = 10;
const activityName = 'sum';

/** Sources of one service that share one limit, one lock store and one fake Step Functions. */
export function createCluster(options: ClusterOptions) {
  const { maxConcurrency, concurrencyPerPoller, maxPollersPerInstance, lockTtlMs, taskMs } =
    options;
  const roleCount = Math.ceil(maxConcurrency / concurrencyPerPoller);
  const sfn = new FakeSfn({ longPollMs: 60_000 });
  const throttle = createThrottle(sfn);
  const store: Store = createStore(options.store, STORE_RTT_MS);
  const live = new Set<Instance>();
  /** Who polls for a poller, among the living. */
  const holders = new Map<number, Instance>();
  const seen: Observations = {
    heldTwice: 0,
    mostTasks: 0,
    tasks: { started: 0, ended: 0, waitedMs: [] },
    pollsFailed: new Map(),
    takenOverAfter: 0,
    handedOverAfter: 0,
  };
  const tasksNow = () => [...live].reduce((sum, { tasks }) => sum + tasks, 0);

  function observe(instance: Instance): void {
    const { source } = instance;
    const give = ({ poller }: { poller: number }) => {
      if (holders.get(poller) === instance) holders.delete(poller);
    };
    source.on('leaseAcquired', ({ poller }) => {
      if (!live.has(instance)) return;
      if (holders.has(poller)) seen.heldTwice += 1;
      holders.set(poller, instance);
    });
    source.on('leaseLost', give);
    source.on('leaseReleased', give);
    source.on('pollFailed', ({ error }) => {
      if (!live.has(instance)) return;
      seen.pollsFailed.set(error, (seen.pollsFailed.get(error) ?? 0) + 1);
    });
  }

  async function add(): Promise<void> {
    const network = createNetwork();
    const source = createStepFuncSource(
      {
        activityName,
        path: '/',
        maxConcurrency,
        concurrencyPerPoller,
        lockTtlMs,
        maxPollersPerInstance,
      },
      async ({ body }) => {
        instance.tasks += 1;
        seen.tasks.started += 1;
        seen.tasks.waitedMs.push(performance.now() - Number(body));
        seen.mostTasks = Math.max(seen.mostTasks, tasksNow());
        await sleep(taskMs);
        instance.tasks -= 1;
        if (live.has(instance)) seen.tasks.ended += 1;
        return { status: 200, headers: {}, body };
      },
      { client: clientOver(network, throttle.client, SFN_RTT_MS), locks: store.locksOver(network) },
    );
    const instance: Instance = { source, network, tasks: 0 };
    live.add(instance);
    observe(instance);
    await source.start();
  }

  const rolesOf = (instance: Instance) =>
    [...holders].filter(([, holder]) => holder === instance).map(([poller]) => poller);

  /** Some of the living, at random. */
  function choose(count: number): Instance[] {
    return [...live]
      .map((instance) => ({ instance, at: Math.random() }))
      .sort((a, b) => a.at - b.at)
      .slice(0, count)
      .map(({ instance }) => instance);
  }

  return {
    options,
    roleCount,
    sfn,
    throttle,
    store,
    seen,
    instances: () => live.size,
    pollersHeld: () => holders.size,
    /** How many pollers each live instance holds. */
    shares: () => [...live].map((instance) => rolesOf(instance).length),
    /** Starts instances at moments spread over `withinMs`. */
    start(count: number, withinMs: number): void {
      for (let i = 0; i < count; i += 1) setTimeout(() => void add(), Math.random() * withinMs);
    },
    /** Lets some instances vanish. Returns the pollers that they held. */
    vanish(count: number): number[] {
      return choose(count).flatMap((instance) => {
        const pollers = rolesOf(instance);
        live.delete(instance);
        for (const poller of pollers) holders.delete(poller);
        instance.network.cut();
        return pollers;
      });
    },
    /** Stops some instances. Returns the pollers that they held, and those that have stopped so far. */
    stop(count: number): { pollers: number[]; stopped: ReadonlySet<unknown> } {
      const stopped = new Set<Instance>();
      const chosen = choose(count);
      const pollers = chosen.flatMap(rolesOf);
      for (const instance of chosen) {
        void instance.source.stop().then(() => {
          live.delete(instance);
          stopped.add(instance);
        });
      }
      return { pollers, stopped };
    },
    /** Calls `listener` with each poller that a live instance takes on or has come to the end of. */
    onRole(
      name: 'leaseAcquired' | 'leaseReleased',
      listener: (poller: number) => void,
    ): () => void {
      const unwatch = [...live].map((instance) => {
        const tell = ({ poller }: { poller: number }) => live.has(instance) && listener(poller);
        instance.source.on(name, tell);
        return () => instance.source.off(name, tell);
      });
      return () => {
        for (const off of unwatch) off();
      };
    },
    /** Schedules a task; its input is the moment at which that was. */
    offer(): void {
      void sfn.runTask(activityName, String(performance.now()));
    },
  };
}
