import { setTimeout as pass } from 'node:timers/promises';
import type { TaskInput, Cluster } from './cluster.js';
import type { Random } from './random.js';

/** Tasks for a cluster, of many lengths. */
export interface Load {
  /** So many are kept waiting for a poll. */
  queued: number;
  /** How many there have been. */
  tasks(): number;
  /** Resolves once no more will come. */
  stop(): Promise<void>;
}

export function startLoad({ sfn, activityName }: Cluster, random: Random, ttlMs: number): Load {
  let tasks = 0;
  let stopped = false;

  function durationMs(): number {
    const length = random.next();
    if (length < 0.7) return random.between(20, 300);
    // The longest outlive every lease that was lost when they began.
    return length < 0.95 ? random.between(300, 1_000) : random.between(1.5, 2) * ttlMs;
  }

  async function feed(): Promise<void> {
    while (!stopped) {
      while (sfn.queued() < load.queued) {
        const input: TaskInput = { id: `t${(tasks += 1)}`, ms: Math.round(durationMs()) };
        void sfn.runTask(activityName, input);
      }
      await pass(20);
    }
  }

  const load: Load = {
    queued: 20,
    tasks: () => tasks,
    async stop() {
      stopped = true;
      await fed;
    },
  };
  const fed = feed();
  return load;
}
