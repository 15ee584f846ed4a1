import { setTimeout as pass } from 'node:timers/promises';
import type { FakeSfn } from 'stepfunc-source/testing';

/** Tasks without end, so many waiting at a time. */
export interface Load {
  done(): number;
  /** How many timed out, and were run once more. */
  retried(): number;
  /** No new ones; resolves once the last has ended, which an abort brings about. */
  finish(): Promise<void>;
}

const WAITING = 5;

/**
 * A task whose instance is killed is lost with it. Step Functions finds out by the TimeoutSeconds of its
 * state, and the state's Retry runs it once more: here too.
 */
export function startLoad(sfn: FakeSfn, timeoutSeconds: number, signal: AbortSignal): Load {
  let done = 0;
  let retried = 0;
  let finishing = false;
  const tasks = new Set<Promise<void>>();

  async function run(): Promise<void> {
    for (;;) {
      const { status } = await sfn.runTask('sum', { a: 1, b: 2 }, { timeoutSeconds, signal });
      if (status === 'SUCCEEDED') done += 1;
      if (status !== 'TIMED_OUT') return;
      retried += 1;
    }
  }

  async function feed(): Promise<void> {
    while (!finishing && !signal.aborted) {
      while (sfn.queued() < WAITING) {
        const task = run().finally(() => tasks.delete(task));
        tasks.add(task);
      }
      await pass(20);
    }
  }

  const feeding = feed();
  return {
    done: () => done,
    retried: () => retried,
    async finish() {
      finishing = true;
      await feeding;
      await Promise.all(tasks);
    },
  };
}
