import type { Clock } from '../async/clock.js';
import type { TaskAttributes } from '../task/task-attributes.js';

/** A task that was received and is not yet reported. */
export interface RunningTask {
  /** The short id, as events and log lines have it. */
  task: string;
  /** The number of the poller that brought it, from 0. */
  poller: number;
  /** When a poll brought it: milliseconds since 1970. */
  startedAt: number;
  /** `reporting`: the invoke has ended, and the report is under way. */
  phase: 'invoking' | 'reporting';
  /** What `taskAttributes` picked. Without that option it is empty. */
  attributes: TaskAttributes;
}

/** The tasks that run now. */
export interface RunningTasks {
  add(task: string, poller: number, attributes: TaskAttributes): void;
  reporting(task: string): void;
  remove(task: string): void;
  /** Copies, in the order in which they were received. */
  list(): RunningTask[];
}

export function createRunningTasks(clock: Clock): RunningTasks {
  const running = new Map<string, RunningTask>();
  return {
    add(task, poller, attributes) {
      running.set(task, { task, poller, startedAt: clock.wall(), phase: 'invoking', attributes });
    },
    reporting(task) {
      const found = running.get(task);
      if (found !== undefined) found.phase = 'reporting';
    },
    remove: (task) => void running.delete(task),
    list: () => [...running.values()].map((task) => ({ ...task })),
  };
}
