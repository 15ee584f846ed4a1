import type { FromInstance } from './instance-messages.js';

/** What happened to an instance, by its own word or by whoever did it. Moments are of `nowMs()`. */
export type Happening = { at: number; instance: string } & (
  | FromInstance
  | { what: 'killed' | 'suspended' | 'resumed' | 'terminated' | 'cutOff' | 'reconnected' }
);

/** A task that the service handed to a poll. */
export interface HandOut {
  /** The instance whose poll it was, by the workerName that the poll carried. */
  instance: string;
  /** The task's own, from its input. */
  id: string;
  handedOutAt: number;
  /** When a report closed it; undefined: none has. */
  closedAt?: number;
  /** What it was failed with, if it was. */
  error?: string;
}

/** All that was seen of a cluster, to be judged afterwards. */
export interface Trace {
  happenings: Happening[];
  handOuts: HandOut[];
  /** Every poll, as it reached the service. */
  polls: { at: number; instance: string }[];
  /** What matters here of the config of each instance. */
  configs: Map<string, { pollers: number; onLeaseLost: 'drain' | 'abort' }>;
  /** From when on how many tasks may run at a time: the last one that has begun counts. */
  caps: { at: number; tasks: number }[];
}

export function createTrace(tasks: number): Trace {
  return {
    happenings: [],
    handOuts: [],
    polls: [],
    configs: new Map(),
    caps: [{ at: -Infinity, tasks }],
  };
}
