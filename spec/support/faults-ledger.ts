import type { Invoke, StepFuncSource } from '../../lib/index.js';
import type { TaskOutcome } from '../../lib/testing/index.js';
import type { Order } from './faults-support.js';

/** A task as it was ordered, as the source told of it, and as it ended at Step Functions. */
interface Entry {
  order: Order;
  invoked: boolean;
  told?: Told;
  outcome?: TaskOutcome;
}

type Told =
  | { event: 'taskSucceeded' }
  | { event: 'taskFailed'; error: string }
  | { event: 'taskLost'; reason: 'closed' | 'unknown' | 'abandoned' };

export interface Ledger {
  /** Wraps the component, to learn which task an event speaks of: events name none by its input. */
  watch(component: Invoke): Invoke;
  listen(source: StepFuncSource): void;
  scheduled(number: number, order: Order): void;
  ended(number: number, outcome: TaskOutcome): void;
  /** What has been told wrongly, or twice. */
  wrong: string[];
  /** Tasks that have ended, but were never seen by the component nor told of. */
  unseen(): TaskOutcome['status'][];
  /** Tasks that the component has seen, but whose end was not told. */
  untold(): number;
}

/** Checks, task by task, what a source tells against how the task ended. Forgets tasks that add up. */
export function createLedger(): Ledger {
  const entries = new Map<number, Entry>();
  const numberOf = new Map<string, number>();
  const wrong: string[] = [];
  /** Told as received, the very call to the component to come. */
  let arriving: string | undefined;

  function tell(task: string, told: Told): void {
    const number = numberOf.get(task);
    numberOf.delete(task);
    if (number === undefined) {
      if (told.event !== 'taskSucceeded') wrong.push(`${task}: ${told.event} of no known task`);
      return;
    }
    const entry = entries.get(number);
    if (entry === undefined) return void wrong.push(`${number}: ${told.event} a second time`);
    entry.told = told;
    settle(number, entry);
  }

  function settle(number: number, { order, told, outcome }: Entry): void {
    if (told === undefined || outcome === undefined) return;
    entries.delete(number);
    if (addsUp(order, told, outcome)) return;
    wrong.push(`${number}: ${JSON.stringify(order)}, ${JSON.stringify({ told, outcome })}`);
  }

  return {
    wrong,
    watch: (component) => (request, signal) => {
      const { number } = JSON.parse(request.body) as { number?: number };
      if (arriving === undefined) wrong.push(`${number}: not told as received`);
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
      source.on('taskSucceeded', ({ task }) => tell(task, { event: 'taskSucceeded' }));
      source.on('taskFailed', ({ task, error }) => tell(task, { event: 'taskFailed', error }));
      source.on('taskLost', ({ task, reason }) => tell(task, { event: 'taskLost', reason }));
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
    untold: () => [...entries.values()].filter(({ invoked, told }) => invoked && !told).length,
  };
}

/** What was told is what happened; only `unknown` may go either way. */
function addsUp(order: Order, told: Told, outcome: TaskOutcome): boolean {
  switch (told.event) {
    case 'taskSucceeded':
      return order.does === 'succeed' && outcome.status === 'SUCCEEDED';
    case 'taskFailed':
      // A failure sent bare, for a KMS key's sake, has no error.
      return outcome.status === 'FAILED' && (outcome.error ?? told.error) === told.error;
    case 'taskLost':
      if (told.reason === 'abandoned') return false;
      return told.reason === 'unknown' || /TIMED_OUT|ABORTED/.test(outcome.status);
  }
}
