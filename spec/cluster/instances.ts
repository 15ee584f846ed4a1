import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StepFuncSourceConfig } from '../../lib/index.js';
import type { RunningEngine } from '../integration/locks/engines.js';
import type { Network } from '../integration/locks/network.js';
import { compiledOf } from '../support/compiled.js';
import { awsEnvironment } from '../support/integration/aws-environment.js';
import { nowMs } from './clock.js';
import { eventually } from './eventually.js';
import type { FromInstance, InstanceOrder, ToInstance } from './instance-messages.js';
import type { Happening, Trace } from './trace.js';

/** How a process ended. */
export interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

/** An instance of the service, in a process of its own, seen from outside. */
export interface Instance {
  readonly name: string;
  /** Its way to the store. */
  readonly network: Network;
  /** Resolves once it is loaded and has a connection to the store, or knows that there is none. */
  ready(): Promise<void>;
  /** Starts its source. */
  start(): void;
  running(): boolean;
  /** The pollers that it holds, by its own word. */
  pollers(): number[];
  /** kill -9. */
  kill(): Promise<End>;
  /** SIGTERM, on which it stops. */
  terminate(): void;
  /** SIGSTOP, and SIGCONT: resolves once it has looked at its clocks. */
  suspend(): void;
  resume(): Promise<void>;
  leapClock(ms: number): void;
  readonly ended: Promise<End>;
}

export interface InstanceOptions {
  store: RunningEngine;
  trace: Trace;
  endpoint: string;
  componentUrl: string;
  config: StepFuncSourceConfig;
}

const script = fileURLToPath(new URL('./instance.ts', import.meta.url));
let instances = 0;

/** Starts a process. It is up and running once `ready` and `start` have been called. */
export async function createInstance(options: InstanceOptions): Promise<Instance> {
  const { store, trace, endpoint, componentUrl, config } = options;
  const { network, connection } = await store.network();
  const name = `${process.pid}-${(instances += 1)}`;
  const { maxConcurrency = 1, concurrencyPerPoller = 1, onLeaseLost = 'drain' } = config;
  trace.configs.set(name, {
    pollers: Math.ceil(maxConcurrency / concurrencyPerPoller),
    onLeaseLost,
  });
  const order: InstanceOrder = { name, connection, componentUrl, config };
  const child = spawn(process.execPath, [compiledOf(script), JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { PATH: process.env['PATH'], ...awsEnvironment(endpoint) },
  });
  let stderr = '';
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
  const ended = once(child, 'close').then(([code, signal]): End => {
    const end = { code: code as number | null, signal: signal as NodeJS.Signals | null };
    return { ...end, stderr };
  });

  const heard = new Set<string>();
  const held = new Set<number>();
  let state = 'stopped';
  let awakenings = 0;
  child.on('message', (message: FromInstance & { at: number }) => {
    trace.happenings.push({ ...message, instance: name });
    heard.add(message.what);
    if (message.what === 'acquired') held.add(message.poller);
    else if (message.what === 'lost' || message.what === 'released') held.delete(message.poller);
    else if (message.what === 'awake') awakenings += 1;
    else if (/^(running|stopping|stopped)$/.test(message.what)) state = message.what;
  });
  const note = (what: 'killed' | 'suspended' | 'resumed' | 'terminated') => {
    const happening: Happening = { at: nowMs(), instance: name, what };
    trace.happenings.push(happening);
  };
  const send = (message: ToInstance) => {
    // One that has just died of something hears nothing, and its end shows that.
    child.send(message, () => undefined);
  };

  return {
    name,
    network,
    ready: () =>
      eventually(
        () => heard.has('ready'),
        () => `${name} is not ready: ${stderr}`,
      ),
    start: () => send({ start: true }),
    running: () => state === 'running',
    pollers: () => [...held],
    kill() {
      note('killed');
      child.kill('SIGKILL');
      return ended;
    },
    terminate() {
      note('terminated');
      child.kill('SIGTERM');
    },
    suspend() {
      note('suspended');
      child.kill('SIGSTOP');
    },
    async resume() {
      const before = awakenings;
      note('resumed');
      child.kill('SIGCONT');
      await eventually(
        () => awakenings > before,
        () => `${name} does not wake up: ${stderr}`,
      );
    },
    leapClock: (ms) => send({ leapMs: ms }),
    ended,
  };
}
