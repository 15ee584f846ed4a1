import type {
  EventName,
  HealthProblem,
  StepFuncSource,
  StepFuncSourceConfig,
  StopOptions,
} from '../../../lib/index.js';
import { createSource } from '../../../lib/source/source.js';
import type { ListenerCount } from '../engine/listeners.js';
import type { Machine } from '../engine/machine.js';
import { createMachine } from '../engine/machine.js';
import type { Random } from '../engine/random.js';
import type { Universe } from '../engine/universe.js';
import { watchGrace } from '../judge/grace.js';
import { createIdleJudge } from '../judge/idle.js';
import { createInvokesJudge } from '../judge/invokes.js';
import type { JitterJudge } from '../judge/jitter.js';
import { createPaceJudge } from '../judge/pace.js';
import { checkLeftovers, checkSummary } from '../judge/stopped.js';
import { createSlotsJudge } from '../judge/slots.js';
import { createTasksJudge } from '../judge/tasks.js';
import type { Trouble } from '../judge/trouble.js';
import { createTrouble } from '../judge/trouble.js';
import { createLeasesJudge } from '../judge/leases.js';
import type { Timeline } from '../judge/violation.js';
import type { Aws } from './aws.js';
import { activityArn } from './aws.js';
import { createInvoke } from './component.js';
import { clientConfig, createDispatcher } from './dispatcher.js';
import type { LockStore } from './lock-store.js';
import type { Link, Service } from './network.js';
import { createLink } from './network.js';
import { createSfnClient } from './sfn-client.js';
import { createAwsCalls } from './aws-calls.js';

export interface World {
  universe: Universe;
  random: Random;
  aws: Aws;
  store: LockStore | undefined;
  line: Timeline;
  trouble: Trouble;
  /** The same, without that of components: those keep no poll from being sent. */
  pollTrouble: Pick<Trouble, 'isPast'>;
  jitter: JitterJudge;
  /** Sources have their own clients, over a simulated dispatcher. */
  ownClients: boolean;
  /** Called when a poll was sent under a lease. */
  onPollSent(): void;
  /** Called when an instance that goes on working has given a lease back that it had not lost. */
  onHandedOver(instance: Instance): void;
  /** Absent: listeners are not counted in this run. */
  listeners: ListenerCount | undefined;
}

/** Where code of the user's runs, and may block. */
export const callbacks = [
  'invoke',
  'logger',
  'taskReceived',
  'taskSucceeded',
  'taskFailed',
  'pollFailed',
  'leaseAcquired',
  'leaseLost',
  'leaseReleased',
  'lockStoreFailed',
  'stateChanged',
  'taskLost',
  'startFailed',
  'reportFailed',
  'heartbeatFailed',
] as const satisfies readonly (EventName | 'invoke' | 'logger')[];
export type Callback = (typeof callbacks)[number];

/** A process that runs the library. */
export interface Instance {
  machine: Machine;
  config: StepFuncSourceConfig;
  ttlMs: number;
  source: StepFuncSource;
  links: Record<Service, Link>;
  slots: ReturnType<typeof createSlotsJudge>;
  tasks: ReturnType<typeof createTasksJudge>;
  pace: ReturnType<typeof createPaceJudge>;
  leases: ReturnType<typeof createLeasesJudge>;
  idle: ReturnType<typeof createIdleJudge>;
  /** How many pollers there are, as far as this instance knows. */
  pollers(): number;
  /** Its sizes as they are now. */
  sizes: { maxConcurrency: number; concurrencyPerPoller: number };
  /** Its sizes were changed: C1 is then no longer that of the config. */
  resized: boolean;
  /** It was asked to stop, and does so once its process can. */
  stopAsked: boolean;
  /** `stop` was called: no poll may be sent any more. */
  stopCalled: boolean;
  /** `stop` has resolved. */
  stopped: boolean;
  /** When its wall clock was last set back, by the monotonic clock. */
  setBackAt: number;
  /** When its clocks last leapt: they were set, or its process was held up. */
  leaptAt: number;
  /** When the grace of a stop ends: polls may then be aborted (S2). */
  graceEndsAt: number;
  /** Its process was blocked or frozen. */
  heldUp: Trouble;
  /** When the callback that blocks returns, if the machine does not freeze meanwhile. */
  blockedUntil: number;
  invokes: ReturnType<typeof createInvokesJudge>;
  leaseName(poller: number): string;
  /** The next time that this callback runs, it blocks. */
  blockNext(where: Callback, ms: number): void;
  /** What health said when it was last asked; undefined until then. Ask with `probe`. */
  problems: HealthProblem[] | undefined;
  /** Asks for the health, as a probe of the process does. */
  probe(): void;
  /** Nothing blocks any more. */
  calmDown(): void;
  isCalm: boolean;
  /** Passes time in the callback that runs. */
  block(ms: number): void;
  /** Called by the user's code wherever it runs. */
  mayBlock(where: Callback): void;
  start(): void;
  stop(options: StopOptions): void;
  kill(): void;
}

export function createInstance(world: World, name: string, config: StepFuncSourceConfig): Instance {
  const { universe, line, aws, store } = world;
  const random = world.random.fork(name);
  const machine = createMachine(universe, name, random.fork('machine'));
  const link = (service: Service) => createLink(universe, machine, service, random.fork(service));
  const links = { aws: link('aws'), store: link('store'), component: link('component') };
  const toBlock = new Map<Callback, number>();

  const instance: Instance = {
    machine,
    config,
    ttlMs: config.lockTtlMs ?? 30_000,
    links,
    stopAsked: false,
    stopCalled: false,
    stopped: false,
    resized: false,
    sizes: {
      maxConcurrency: config.maxConcurrency ?? 1,
      concurrencyPerPoller: config.concurrencyPerPoller ?? 1,
    },
    pollers: () => Math.ceil(instance.sizes.maxConcurrency / instance.sizes.concurrencyPerPoller),
    setBackAt: -Infinity,
    leaptAt: -Infinity,
    graceEndsAt: Infinity,
    heldUp: createTrouble(),
    blockedUntil: -Infinity,
    leaseName: (poller) => `stepfunc-source:${activityArn}:${poller}`,
    blockNext: (where, ms) => void toBlock.set(where, ms),
    problems: undefined,
    probe() {
      machine.run(() => void (instance.problems = instance.source.health().problems));
    },
    isCalm: false,
    calmDown() {
      instance.isCalm = true;
      toBlock.clear();
    },
    block(ms) {
      machine.block(ms);
      instance.heldUp.from(machine.now(), 0);
      instance.leaptAt = machine.now();
      instance.blockedUntil = universe.now() + ms;
      world.trouble.from(universe.now(), ms);
    },
    mayBlock(where) {
      const ms = toBlock.get(where);
      if (ms === undefined) return;
      toBlock.delete(where);
      line.note(name, `blocks for ${ms} ms in ${where}`);
      instance.block(ms);
    },
    start() {
      machine.run(() => {
        line.note(name, 'start()');
        instance.source.start().then(
          () => line.note(name, 'has started'),
          (error: unknown) => {
            line.note(name, `start() rejects: ${String(error)}`);
            if (machine.alive && !instance.stopCalled) machine.setTimeout(instance.start, 1_000);
          },
        );
      });
    },
    stop(options) {
      instance.stopAsked = true;
      machine.run(() => {
        line.note(name, `stop(${JSON.stringify(options)})`);
        instance.stopCalled = true;
        if (options.graceMs !== undefined) {
          // A timer counts whole milliseconds, and so may be up to one early.
          const endsAt = machine.now() + options.graceMs - 1;
          instance.graceEndsAt = Math.min(instance.graceEndsAt, endsAt);
        }
        const before = instance.tasks.counts();
        const stopping = instance.source.stop(options);
        if (options.graceMs !== undefined) watchGrace(instance, options.graceMs, world);
        stopping.then(
          (summary) => {
            line.note(name, `has stopped: ${JSON.stringify(summary)}`);
            // A second stop has the summary of the first.
            if (!instance.stopped) checkSummary(instance, summary, before, line);
            instance.stopped = true;
            instance.leases.stopped();
            checkLeftovers(instance, line);
          },
          (error: unknown) => line.broken('S3: stop never rejects', String(error)),
        );
      });
    },
    kill() {
      line.note(name, 'is killed');
      machine.kill();
      for (const one of Object.values(links)) one.cut();
    },
    // Set below: they need the instance.
    source: undefined as never,
    slots: undefined as never,
    tasks: undefined as never,
    pace: undefined as never,
    leases: undefined as never,
    idle: undefined as never,
    invokes: undefined as never,
  };

  const write = (level: string) => (_fields: object, message: string) => {
    line.note(name, `logs (${level}) ${message}`);
    instance.mayBlock('logger');
  };
  const logger = {
    debug: () => instance.mayBlock('logger'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
  const call = createAwsCalls(instance, aws, line);
  instance.source = createSource(
    config,
    createInvoke(instance, world),
    {
      ...(world.ownClients ? { clientConfig } : { client: createSfnClient(call) }),
      logger,
      ...(store === undefined ? {} : { locks: store.locksOf(machine, links.store) }),
    },
    machine.clock,
    () => createDispatcher(call),
  );
  instance.slots = createSlotsJudge(instance, world);
  instance.tasks = createTasksJudge(instance, aws, line);
  instance.pace = createPaceJudge(instance, line, world.jitter);
  instance.leases = createLeasesJudge(instance, world);
  instance.idle = createIdleJudge(instance, world);
  instance.invokes = createInvokesJudge(instance, world);
  listen(instance, world);
  return instance;
}

function listen(instance: Instance, world: World): void {
  const { line } = world;
  const { machine, source, slots, tasks, pace, leases, idle, invokes } = instance;
  const end = (name: string) => (event: { task: string; reason?: string; attempts?: number }) => {
    idle.taskEnded(event.task);
    invokes.taskEnded(event.task);
    const token = tasks.ended(name, event.task, event);
    if (token !== undefined) slots.taskEnded(token);
  };
  source.on('taskReceived', ({ task, poller }) => {
    idle.taskReceived(task, poller);
    invokes.taskReceived(task, poller);
    const token = tasks.received(task);
    if (token !== undefined) slots.taskReceived(token, poller);
    pace.taskReceived(poller);
  });
  source.on('taskSucceeded', end('taskSucceeded'));
  source.on('taskFailed', end('taskFailed'));
  source.on('taskLost', end('taskLost'));
  source.on('pollFailed', ({ poller, retryInMs }) => {
    line.note(machine.name, `waits ${retryInMs} ms with the polls of ${poller}`);
    pace.pollFailed(poller, retryInMs);
    idle.pollFailed(poller, retryInMs);
    slots.pollFailed(poller);
  });
  source.on('leaseLost', ({ poller, error }) => {
    leases.lost(poller, error);
    invokes.leaseLost(poller);
  });
  source.on('leaseAcquired', ({ poller }) => {
    leases.acquired();
    pace.acquired(poller);
  });
  source.on('leaseReleased', ({ poller }) => {
    const wasLost = leases.released(poller);
    slots.released(poller);
    if (!wasLost && !instance.stopCalled) world.onHandedOver(instance);
  });
  for (const name of callbacks) {
    if (name === 'invoke' || name === 'logger') continue;
    source.on(name, () => {
      if (instance.stopped) line.broken('S3: nothing after stop', `${machine.name} emits ${name}`);
      instance.mayBlock(name);
    });
  }
}
