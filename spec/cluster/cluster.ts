import { CreateActivityCommand } from '@aws-sdk/client-sfn';
import type { StepFuncSourceConfig } from '../../lib/index.js';
import type { FakeSfn } from '../../lib/testing/index.js';
import { startFakeSfnServer } from '../../lib/testing/index.js';
import type { Engine, RunningEngine } from '../integration/locks/engines.js';
import { startComponent } from '../support/integration/component.js';
import type { Instance } from './instances.js';
import { createInstance } from './instances.js';
import type { Trace } from './trace.js';
import { createTrace } from './trace.js';
import { WatchedSfn } from './watched-sfn.js';

/** A task's input: the component answers with the same after so many milliseconds. */
export interface TaskInput {
  id: string;
  ms: number;
}

/** Step Functions, a component, a store, and the instances between them. */
export interface Cluster extends AsyncDisposable {
  readonly sfn: FakeSfn;
  readonly activityName: string;
  readonly store: RunningEngine;
  readonly trace: Trace;
  /** How often the component was called with each input, by its id. */
  readonly runs: Map<string, number>;
  /** A process of its own, loaded and not yet started. */
  add(config?: Partial<StepFuncSourceConfig>): Promise<Instance>;
}

let clusters = 0;
/** How long an open poll is held, and so how long a stop may take. */
export const longPollMs = 500;

/** `config` is what all instances have by default. What is left of them is killed at the end. */
export async function createCluster(
  engine: Engine,
  config: Partial<StepFuncSourceConfig>,
): Promise<Cluster> {
  // Leases are named after it, and one store may serve the clusters of all tests that run at a time.
  const activityName = `sum-${process.pid}-${Date.now()}-${(clusters += 1)}`;
  const trace = createTrace(config.maxConcurrency ?? 1);
  const runs = new Map<string, number>();
  const instances: Instance[] = [];
  const store = await engine.start();
  const server = await startFakeSfnServer({
    sfn: new WatchedSfn(trace, { longPollMs }),
  });
  await server.sfn.send(new CreateActivityCommand({ name: activityName }));
  const component = await startComponent(({ body }, response) => {
    const { id, ms } = JSON.parse(body) as TaskInput;
    runs.set(id, (runs.get(id) ?? 0) + 1);
    const answering = setTimeout(() => response.end(body), ms);
    response.once('close', () => clearTimeout(answering));
  });

  return {
    sfn: server.sfn,
    activityName,
    store,
    trace,
    runs,
    async add(more) {
      const instance = await createInstance({
        store,
        trace,
        endpoint: server.endpoint,
        componentUrl: component.url,
        config: {
          activityName,
          // So that a start makes no call, and instances that get the message together start together.
          activityArn: server.sfn.activityArn(activityName),
          path: '/',
          ...config,
          ...more,
        },
      });
      instances.push(instance);
      return instance;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(instances.map((instance) => instance.kill()));
      await component[Symbol.asyncDispose]();
      await server.close();
      await store.stop();
    },
  };
}

/** Starts several instances at one moment. */
export async function startTogether(instances: readonly Instance[]): Promise<void> {
  await Promise.all(instances.map((instance) => instance.ready()));
  for (const instance of instances) instance.start();
}
