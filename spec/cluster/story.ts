import type { Chaos } from './chaos.js';
import type { Happening, HandOut, Trace } from './trace.js';
import { createTrace } from './trace.js';
import { judge } from './verdict.js';

// Moments are seconds here.
const tolerances = { ttlMs: 1.5, slackMs: 0.4 };
const noSteps = { kill: 0, suspend: 0, stop: 0, outage: 0, feed: 0, grow: 0 };

type Recorded = Happening extends infer H
  ? H extends Happening
    ? Omit<H, 'at' | 'instance'>
    : never
  : never;

/**
 * A cluster that is put together by hand: two pollers of one task each. Instance a aborts what it
 * loses; b and c drain it.
 */
export function createStory() {
  const trace: Trace = createTrace(2);
  const runs = new Map<string, number>();
  for (const instance of ['a', 'b', 'c']) {
    trace.configs.set(instance, { pollers: 2, onLeaseLost: instance === 'a' ? 'abort' : 'drain' });
  }
  const record = (at: number, instance: string, recorded: Recorded) =>
    void trace.happenings.push({ at, instance, ...recorded });
  return {
    trace,
    runs,
    record,
    up(...instances: string[]) {
      for (const instance of instances) record(0, instance, { what: 'running' });
    },
    /** A task under a poller, from its hand-out to its report, by a poll asked for a tenth before. */
    task(
      instance: string,
      poller: number,
      from: number,
      to: number,
      { polledAt = from - 0.1, ...more }: Partial<HandOut> & { polledAt?: number } = {},
    ) {
      const id = `t${trace.handOuts.length}`;
      runs.set(id, 1);
      record(from, instance, { what: 'invoked', poller, id, polledAt });
      trace.handOuts.push({
        instance,
        id,
        handedOutAt: from,
        ...(to < Infinity ? { closedAt: to } : {}),
        ...more,
      });
    },
    judge: (more: Partial<Chaos> = {}) => {
      const tasks = trace.handOuts.length;
      const chaos = { trace, tasks, runs, endedAt: 100, steps: noSteps, ends: [], ...more };
      return judge(chaos, tolerances);
    },
  };
}
