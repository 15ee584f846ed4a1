import type { Instance } from '../world/instance.js';
import type { Aws } from '../world/aws.js';
import { contentOf } from '../world/aws.js';
import type { Timeline } from './violation.js';

/** What is known of one task here. */
interface Seen {
  token: string;
  deliveredAt: number;
  /** What was last sent of it. */
  content: string | undefined;
  sends: number;
  /** AWS did not take what was last sent: something else may follow. */
  refused: boolean;
  /** AWS has taken a report, or says that the task is closed. */
  settled: boolean;
  beatAt: number;
  /** When the last heartbeat came back or was aborted, or the task was delivered. Undefined: one is under way. */
  beatEndedAt: number | undefined;
  end: string | undefined;
}

/** What an event says of a task's end. */
interface Ending {
  reason?: string;
  attempts?: number;
}

/** The events that say that AWS has a report, and which. */
const ends: Record<string, string | undefined> = {
  taskSucceeded: 'SendTaskSuccess',
  taskFailed: 'SendTaskFailure',
};

const CLOSED = new Set(['InvalidToken', 'TaskDoesNotExist', 'TaskTimedOut']);
const REFUSED = new Set([
  'InvalidOutput',
  'ValidationException',
  'KmsAccessDeniedException',
  'KmsInvalidStateException',
]);

/** T and P, from outside: every task that was delivered is reported once, with one content, or emitted as lost. */
export function createTasksJudge(instance: Instance, aws: Aws, line: Timeline) {
  const { machine } = instance;
  const seen = new Map<string, Seen>();
  const byId = new Map<string, Seen>();
  let delivered: Seen | undefined;

  const broken = (rule: string, { token }: Seen, what: string) =>
    line.broken(rule, `${machine.name}: ${token} ${what}`);

  return {
    delivered(token: string): void {
      delivered = {
        token,
        deliveredAt: machine.now(),
        content: undefined,
        sends: 0,
        refused: false,
        settled: false,
        beatAt: machine.now(),
        beatEndedAt: machine.now(),
        end: undefined,
      };
      seen.set(token, delivered);
    },
    /** A SendTask* is sent; `retries`: how often a client that retries by itself has sent it before. */
    sending(operation: string, input: Record<string, unknown>, retries: number): void {
      const task = seen.get(String(input['taskToken']));
      if (task === undefined) return;
      if (operation === 'SendTaskHeartbeat') {
        task.beatEndedAt = undefined;
        if (task.settled) broken('T8: no heartbeat after the end', task, 'has a heartbeat more');
        if (retries > 0) return;
        const { heartbeatIntervalMs } = instance.config;
        const since = machine.now() - task.beatAt;
        if (heartbeatIntervalMs !== undefined && since < heartbeatIntervalMs * 0.79 - 1) {
          broken('T8: intervals', task, `has a heartbeat after ${since} ms`);
        }
        task.beatAt = machine.now();
        return;
      }
      const content = contentOf(operation, input);
      // T8: a heartbeat has found the task closed, and a client that retries by itself is under way.
      if (task.settled && retries === 0) broken('T6: one report', task, 'is reported once more');
      if (task.content !== undefined && task.content !== content && !task.refused) {
        broken('T6: one content', task, `was reported as ${task.content}, now as ${content}`);
      }
      if (task.content === content && task.refused) {
        broken('T14: what is refused is replaced', task, `is sent as it was refused: ${content}`);
      }
      task.content = content;
      task.sends += 1;
      task.refused = false;
    },
    /** Whether AWS has closed the task of this id. */
    isClosed(id: string): boolean {
      const token = byId.get(id)?.token;
      return token !== undefined && aws.tokens.get(token)?.closed !== undefined;
    },
    /** How often the task was reported. */
    sends: (token: string) => seen.get(token)?.sends ?? 0,
    /** A SendTask* came back: with an error or without. */
    answered(operation: string, input: Record<string, unknown>, error: Error | undefined): boolean {
      const task = seen.get(String(input['taskToken']));
      if (task === undefined) return false;
      if (operation === 'SendTaskHeartbeat') task.beatEndedAt = machine.now();
      if (error !== undefined && REFUSED.has(error.name)) task.refused = true;
      const over = error === undefined ? operation !== 'SendTaskHeartbeat' : CLOSED.has(error.name);
      if (over) task.settled = true;
      return over;
    },
    /** A heartbeat was aborted: it took too long, or its task has ended. */
    beatAborted(token: string): void {
      const task = seen.get(token);
      if (task !== undefined) task.beatEndedAt = machine.now();
    },
    /** An event that begins a task. Returns its token. */
    received(id: string): string | undefined {
      const task = delivered;
      if (task !== undefined) byId.set(id, task);
      delivered = undefined;
      return task?.token;
    },
    /** An event that ends a task. Returns its token. */
    ended(name: string, id: string, { reason, attempts }: Ending): string | undefined {
      const task = byId.get(id);
      if (task === undefined) return undefined;
      if (task.end !== undefined)
        broken('T: one end', task, `ended as ${task.end}, now as ${name}`);
      task.end = name;
      task.settled = true;
      const token = aws.tokens.get(task.token);
      const ours = token?.content !== undefined && token.content === task.content;
      const operation = ends[name];
      if (operation !== undefined && !(ours && token.content?.startsWith(operation) === true)) {
        broken(
          'T2, T3: emitted as it is',
          task,
          `is emitted as ${name}; AWS has ${String(token?.content)}`,
        );
      }
      if (reason === 'closed' || reason === 'unknown') {
        if (token?.closed === undefined) {
          broken('T7: lost if it is closed', task, `is emitted as ${reason}; AWS has it open`);
        }
      }
      if (attempts !== undefined && attempts !== task.sends) {
        broken('T6: attempts', task, `was sent ${task.sends} times, and is emitted as ${attempts}`);
      }
      if (reason === 'closed' && ours) {
        broken(
          'T7: emitted as it is',
          task,
          'is emitted as closed before; our report has closed it',
        );
      }
      return task.token;
    },
    /** How many tasks began and ended here, by their events. */
    counts: () => {
      const begun = [...byId.values()];
      const endedAs = (name: string) => begun.filter(({ end }) => end === name).length;
      return {
        received: begun.length,
        succeeded: endedAs('taskSucceeded'),
        failed: endedAs('taskFailed'),
        lost: endedAs('taskLost'),
      };
    },
    /** Tasks that are neither settled nor ended, for their heartbeats. */
    running: () => [...seen.values()].filter(({ settled, end }) => !settled && end === undefined),
    /** Tasks that have come to no end. */
    open: () => [...seen.values()].filter(({ end }) => end === undefined).map(({ token }) => token),
  };
}
