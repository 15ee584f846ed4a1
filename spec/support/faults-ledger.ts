import type { Invoke, StepFuncSource } from '../../lib/index.js';
import type { TaskOutcome } from '../../lib/testing/index.js';
import type { Order } from './faults-support.js';

/** A task as it was ordered, as the source emitted it, and as it ended at Step Functions. */
interface Entry {
  order: Order;
  invoked: boolean;
  emitted?: Emitted;
  outcome?: TaskOutcome;
}

type Emitted =
  | { event: 'taskSucceeded' }
  | { event: 'taskFailed'; error: string }
  | { event: 'taskLost'; reason: 'closed' | 'unknown' | 'abandoned' };

export interface Ledger {
  /** Wraps the component, to learn which task an event speaks of: events name none by its input. */
  watch(component: Invoke): Invoke;
  listen(source: StepFuncSource): void;
  scheduled(number: number, order: Order): void;
  ended(number: number, outcome: TaskOutcome): void;
  /** What was emitted wrongly, or twice. */
  wrong: string[];
  /** Tasks that have ended, but were neither seen by the component nor emitted. */
  unseen(): TaskOutcome['status'][];
  /** Tasks that the component has seen, but whose end was not emitted. */
  unemitted(): number;
}

/** Checks, task by task, what a source emits against how the task ended. Forgets tasks that add up. */
export function createLedger(): Ledger {
  const entries = new Map<number, Entry>();
  const numberOf = new Map<string, number>();
  const wrong: string[] = [];
  /** Emitted as received, the very call to the component to come. */
  let arriving: string | undefined;

  function record(task: string, emitted: Emitted): void {
    const number = numberOf.get(task);
    numberOf.delete(task);
    if (number === undefined) {
      if (emitted.event !== 'taskSucceeded')
        wrong.push(`${task}: ${emitted.event} of no known task`);
      return;
    }
    const entry = entries.get(number);
    if (entry === undefined) return void wrong.push(`${number}: ${emitted.event} a second time`);
    entry.emitted = emitted;
    settle(number, entry);
  }

  function settle(number: number, { order, emitted, outcome }: Entry): void {
    if (emitted === undefined || outcome === undefined) return;
    entries.delete(number);
    if (addsUp(order, emitted, outcome)) return;
    wrong.push(`${number}: ${JSON.stringify(order)}, ${JSON.stringify({ emitted, outcome })}`);
  }

  return {
    wrong,
    watch: (component) => (request, signal) => {
      const { number } = JSON.parse(request.body) as { number?: number };
      if (arriving === undefined) wrong.push(`${number}: not emitted as received`);
      else if (number !== undefined) numberOf.set(arriving, number);
      arriving = undefined;
      const entry = number === undefined ? undefined : entries.get(number);
      if (entry !== undefined) {
        if (entry.invoked) wrong.push(`${number}: run twice`);
        entry.invoked = true;
      }
      return component(request, signal);
    },
    listen(source) {
      source.on('taskReceived', ({ task }) => {
        if (arriving !== undefined) wrong.push(`${arriving}: received and not run`);
        arriving = task;
      });
      source.on('taskSucceeded', ({ task }) => record(task, { event: 'taskSucceeded' }));
      source.on('taskFailed', ({ task, error }) => record(task, { event: 'taskFailed', error }));
      source.on('taskLost', ({ task, reason }) => record(task, { event: 'taskLost', reason }));
    },
    scheduled: (number, order) => void entries.set(number, { order, invoked: false }),
    ended(number, outcome) {
      const entry = entries.get(number);
      if (entry === undefined) return void wrong.push(`${number}: ended, but is not open`);
      entry.outcome = outcome;
      settle(number, entry);
    },
    unseen: () =>
      [...entries.values()].flatMap(({ invoked, outcome }) =>
        invoked || outcome === undefined ? [] : [outcome.status],
      ),
    unemitted: () =>
      [...entries.values()].filter(({ invoked, emitted }) => invoked && !emitted).length,
  };
}

/** What was emitted is what happened; only `unknown` may go either way. */
function addsUp(order: Order, emitted: Emitted, outcome: TaskOutcome): boolean {
  switch (emitted.event) {
    case 'taskSucceeded':
      return order.does === 'succeed' && outcome.status === 'SUCCEEDED';
    case 'taskFailed':
      // A failure sent bare, for a KMS key's sake, has no error.
      return outcome.status === 'FAILED' && (outcome.error ?? emitted.error) === emitted.error;
    case 'taskLost':
      if (emitted.reason === 'abandoned') return false;
      return emitted.reason === 'unknown' || /TIMED_OUT|ABORTED/.test(outcome.status);
  }
}
