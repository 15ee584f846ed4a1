import type { StepFuncSource } from '../../../lib/index.js';
import { createSource } from '../../../lib/source/source.js';
import type { Machine } from '../engine/machine.js';
import { createMachine } from '../engine/machine.js';
import type { Random } from '../engine/random.js';
import type { Universe } from '../engine/universe.js';
import { createAws } from '../world/aws.js';
import { createDynamoDb } from '../world/dynamodb.js';
import type { LockStore } from '../world/lock-store.js';
import { createLockStore } from '../world/lock-store.js';
import type { Link } from '../world/network.js';
import { createLink } from '../world/network.js';
import { createSfnClient } from '../world/sfn-client.js';
import { createBuckets } from './buckets.js';

export interface ClusterOptions {
  /** Tasks at a time over all instances. */
  maxConcurrency: number;
  concurrencyPerPoller: number;
  maxPollersPerInstance?: number | undefined;
  lockTtlMs: number;
  /** Redis: a store with a clock of its own. Both know their members, and say when to try again. */
  store: 'redis' | 'dynamodb';
  /** How long a task takes. */
  taskMs: number;
}

/** What the cluster has done that it must not do, or that it had to put up with. */
export interface Observations {
  /** Times that a poller was begun here while another live instance still had it. */
  heldTwice: number;
  /** Tasks at a time, at most, in live instances. */
  mostTasks: number;
  tasks: { ended: number; waitedMs: number[] };
  /** Failed polls by the name of their error. */
  pollsFailed: Map<string, number>;
  /** Milliseconds that the last poller of vanished instances ran nowhere. */
  takenOverAfter: number;
  /** Milliseconds that a poller that was given back at a stop ran nowhere, at most. */
  handedOverAfter: number;
}

interface Instance {
  machine: Machine;
  source: StepFuncSource;
  links: readonly Link[];
  /** Tasks whose invoke is under way. */
  tasks: number;
}

export type Cluster = ReturnType<typeof createCluster>;
type LeaseListener = (name: 'leaseAcquired' | 'leaseReleased', poller: number) => void;

/** Ways within one region: half of a round trip of 2 ms and of 10 ms. */
const STORE_WAY_MS = 1;
const AWS_WAY_MS = 5;
const OPEN_POLLS = 1_000;
const TASK_TIMEOUT_MS = 3_600_000;

/** Sources of one service that share one limit, one lock store and one Step Functions. */
export function createCluster(universe: Universe, random: Random, options: ClusterOptions) {
  const { maxConcurrency, concurrencyPerPoller, maxPollersPerInstance, lockTtlMs, taskMs } =
    options;
  const pollerCount = Math.ceil(maxConcurrency / concurrencyPerPoller);
  const buckets = createBuckets(universe);
  const quotas = { take: buckets.take, openPolls: OPEN_POLLS };
  const aws = createAws(universe, random.fork('aws'), quotas);
  const store: LockStore =
    options.store === 'dynamodb'
      ? createDynamoDb(universe, random.fork('store'))
      : createLockStore(universe, random.fork('store'), { hasMembers: true, hasClaimTimes: true });
  const calls = { acquire: 0, extend: 0, release: 0, renewMember: 0, leave: 0 };
  store.onCall = ({ operation }, answer) => {
    if (answer === 'sent') calls[operation] += 1;
  };
  const live = new Set<Instance>();
  /** Who polls for a poller, among the living. */
  const holders = new Map<number, Instance>();
  const listeners = new Set<LeaseListener>();
  const seen: Observations = {
    heldTwice: 0,
    mostTasks: 0,
    tasks: { ended: 0, waitedMs: [] },
    pollsFailed: new Map(),
    takenOverAfter: 0,
    handedOverAfter: 0,
  };
  let born = 0;
  const tasksNow = () => [...live].reduce((sum, { tasks }) => sum + tasks, 0);

  function observe(instance: Instance): void {
    const { source } = instance;
    const hear = (...[name, poller]: Parameters<LeaseListener>) => {
      if (live.has(instance)) for (const listener of listeners) listener(name, poller);
    };
    const give = (poller: number) => {
      if (holders.get(poller) === instance) holders.delete(poller);
    };
    source.on('leaseAcquired', ({ poller }) => {
      if (!live.has(instance)) return;
      if (holders.has(poller)) seen.heldTwice += 1;
      holders.set(poller, instance);
      hear('leaseAcquired', poller);
    });
    source.on('leaseLost', ({ poller }) => give(poller));
    source.on('leaseReleased', ({ poller }) => {
      give(poller);
      hear('leaseReleased', poller);
    });
    source.on('pollFailed', ({ error }) => {
      if (!live.has(instance)) return;
      seen.pollsFailed.set(error, (seen.pollsFailed.get(error) ?? 0) + 1);
    });
  }

  function add(): void {
    born += 1;
    const name = `i${born}`;
    const its = random.fork(name);
    const machine = createMachine(universe, name, its);
    const toAws = createLink(universe, machine, 'aws', its.fork('aws'), AWS_WAY_MS);
    const toStore = createLink(universe, machine, 'store', its.fork('store'), STORE_WAY_MS);
    const client = createSfnClient(({ operation, input, succeed, fail }) => {
      const call = toAws.call(
        100,
        (reply) =>
          aws.handle(
            name,
            operation,
            input,
            (output) => reply(() => succeed(output)),
            (error) => reply(() => fail(error)),
          ),
        fail,
      );
      return () => void call.abort();
    });
    const source = createSource(
      {
        activityName: 'sum',
        path: '/',
        maxConcurrency,
        concurrencyPerPoller,
        lockTtlMs,
        maxPollersPerInstance,
      },
      ({ body }) => {
        const { tasks } = seen;
        instance.tasks += 1;
        tasks.waitedMs.push(machine.now() - Number(body));
        seen.mostTasks = Math.max(seen.mostTasks, tasksNow());
        return new Promise((resolve) => {
          machine.setTimeout(() => {
            instance.tasks -= 1;
            tasks.ended += 1;
            resolve({ status: 200, headers: {}, body });
          }, taskMs);
        });
      },
      { client, locks: store.locksOf(machine, toStore) },
      machine.clock,
    );
    const instance: Instance = { machine, source, links: [toAws, toStore], tasks: 0 };
    live.add(instance);
    observe(instance);
    machine.run(() => void source.start());
  }

  const pollersOf = (instance: Instance) =>
    [...holders].filter(([, holder]) => holder === instance).map(([poller]) => poller);

  /** Some of the living, at random. */
  function choose(count: number): Instance[] {
    const its = random.fork(`choose ${live.size}`);
    return [...live]
      .map((instance) => ({ instance, at: its.next() }))
      .sort((a, b) => a.at - b.at)
      .slice(0, count)
      .map(({ instance }) => instance);
  }

  return {
    options,
    pollerCount,
    aws,
    buckets,
    calls,
    seen,
    random,
    instances: () => live.size,
    pollersHeld: () => holders.size,
    /** How many pollers each live instance holds. */
    shares: () => [...live].map((instance) => pollersOf(instance).length),
    /** Starts instances at moments spread over `withinMs`. */
    start(count: number, withinMs: number): void {
      for (let i = 0; i < count; i += 1) {
        universe.at(universe.now() + random.next() * withinMs, add);
      }
    },
    /** Lets some instances vanish without a word. Returns the pollers that they held. */
    vanish(count: number): number[] {
      return choose(count).flatMap((instance) => {
        const pollers = pollersOf(instance);
        live.delete(instance);
        for (const poller of pollers) holders.delete(poller);
        instance.machine.kill();
        for (const link of instance.links) {
          link.setWeather('silent', Infinity);
          link.cut();
        }
        return pollers;
      });
    },
    /** Stops some instances. Returns the pollers that they held, and those that have stopped so far. */
    stop(count: number): { pollers: number[]; stopped: ReadonlySet<unknown> } {
      const stopped = new Set<Instance>();
      const chosen = choose(count);
      const pollers = chosen.flatMap(pollersOf);
      for (const instance of chosen) {
        instance.machine.run(() => {
          void instance.source.stop().then(() => {
            live.delete(instance);
            stopped.add(instance);
          });
        });
      }
      return { pollers, stopped };
    },
    /** Calls `listener` with each poller that a live instance takes on or has come to the end of. */
    onLease(listener: LeaseListener): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    /** Schedules a task; its input is the moment at which that was. */
    offer(id: string): void {
      aws.schedule({
        id,
        input: String(universe.now()),
        timeoutMs: TASK_TIMEOUT_MS,
        heartbeatMs: undefined,
        retries: 0,
        outcome: 'open',
      });
    },
    /** Ends all of it, so that nothing more happens. */
    end(): void {
      for (const { machine } of live) machine.kill();
      live.clear();
    },
  };
}
