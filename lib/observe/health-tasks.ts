import type { Clock } from '../async/clock.js';
import { ErrorName } from '../task/error-name.js';
import type { Events } from './events.js';
import type { Finding } from './health.js';

/** A report that AWS has not taken for so long is stuck. */
const STUCK_MS = 60_000;
/** How much longer than `invokeTimeoutMs` a task may take, for its report. */
const OVERDUE_MS = 60_000;
/** How far back `tasksFailing` looks. */
const WINDOW_MS = 300_000;
/** Fewer failures than these prove nothing. */
const LEAST_FAILED = 10;

/** These failures say nothing of the component: the source itself ended the tasks early. */
const OURS: ReadonlySet<string> = new Set([ErrorName.Stopped, ErrorName.LeaseLost]);

/** Watches tasks from their poll to their end. */
export function watchTasks(
  events: Events,
  clock: Clock,
): { findings(invokeTimeoutMs: number, now: number): (Finding | undefined)[] } {
  /** When each task was received, oldest first. */
  const received = new Map<string, number>();
  /** When the report of a task first failed, by task. */
  const stuck = new Map<string, number>();
  let outcomes = noOutcomes;

  const ended = ({ task }: { task: string }) => {
    received.delete(task);
    stuck.delete(task);
  };
  events.on('taskReceived', ({ task }) => void received.set(task, clock.monotonic()));
  events.on('reportFailed', ({ task }) => {
    if (!stuck.has(task)) stuck.set(task, clock.monotonic());
  });
  events.on('taskLost', ended);
  events.on('taskSucceeded', (event) => {
    ended(event);
    outcomes = { ...noOutcomes, succeededAt: clock.monotonic() };
  });
  events.on('taskFailed', (event) => {
    ended(event);
    if (!OURS.has(event.error))
      outcomes = afterFailedTask(outcomes, event.error, clock.monotonic());
  });

  return {
    findings: (invokeTimeoutMs, now) => [
      reportsStuck(stuck, now),
      tasksFailing(outcomes, now),
      taskOverdue(received, invokeTimeoutMs, now),
    ],
  };
}

function reportsStuck(stuck: ReadonlyMap<string, number>, now: number): Finding | undefined {
  const late = olderThan(stuck, now - STUCK_MS);
  const [since] = late;
  if (since === undefined) return undefined;
  return {
    code: 'reportsStuck',
    since,
    message: `The reports of ${late.length} tasks do not get through and hold their slots; they are sent again and again. Check the permissions states:SendTaskSuccess and states:SendTaskFailure, and the events reportFailed.`,
  };
}

function taskOverdue(
  received: ReadonlyMap<string, number>,
  invokeTimeoutMs: number,
  now: number,
): Finding | undefined {
  const mostMs = invokeTimeoutMs + OVERDUE_MS;
  const late = olderThan(received, now - mostMs);
  const [receivedAt] = late;
  if (receivedAt === undefined) return undefined;
  return {
    code: 'taskOverdue',
    since: receivedAt + mostMs,
    message: `${late.length} tasks have run for more than 60 s beyond invokeTimeoutMs and hold their slots. Look at runningTasks() and the events reportFailed.`,
  };
}

/**
 * The keys whose moment is at or before `moment`. The entries of the map are in the order of their
 * moments.
 */
function olderThan(moments: ReadonlyMap<string, number>, moment: number): number[] {
  const older: number[] = [];
  for (const at of moments.values()) {
    if (at > moment) break;
    older.push(at);
  }
  return older;
}

/** The outcomes of the last tasks. */
interface Outcomes {
  readonly succeededAt: number | undefined;
  /** When the last ten failures in a row happened, oldest first. */
  readonly failedAt: readonly number[];
  /** When the first of this row happened. */
  readonly failingSince: number;
  readonly error: string;
}

const noOutcomes: Outcomes = { succeededAt: undefined, failedAt: [], failingSince: 0, error: '' };

function afterFailedTask(outcomes: Outcomes, error: string, now: number): Outcomes {
  const { succeededAt, failedAt, failingSince } = outcomes;
  const last = failedAt.at(-1);
  const isNewRow = last === undefined || now - last > WINDOW_MS;
  return {
    succeededAt,
    failedAt: [...failedAt.slice(1 - LEAST_FAILED), now],
    failingSince: isNewRow ? now : failingSince,
    error,
  };
}

function tasksFailing(outcomes: Outcomes, now: number): Finding | undefined {
  const { succeededAt, failedAt, failingSince, error } = outcomes;
  const from = now - WINDOW_MS;
  const [tenthLast] = failedAt;
  const enough = failedAt.length === LEAST_FAILED && tenthLast !== undefined && tenthLast >= from;
  if (!enough || (succeededAt !== undefined && succeededAt >= from)) return undefined;
  return {
    code: 'tasksFailing',
    since: failingSince,
    message: `Every task of the last 5 minutes has failed, the last one with ${error}. Check the component, and the events taskFailed.`,
  };
}
