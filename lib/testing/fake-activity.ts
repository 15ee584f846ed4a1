import { execute } from 'abort-controller-x';
import { ServiceError } from './service-error.js';
import type { Task } from './fake-task.js';
import { after } from './fake-timer.js';

/** How an activity holds polls; FakeSfnOptions says what each means. */
export interface PollRules {
  longPollMs: number;
  loseTasksOfAbortedPolls: boolean;
  maxOpenPolls: number;
}

export interface Creation {
  date: Date;
  /** The encryptionConfiguration, as JSON text. */
  encryption: string;
}

interface Poll {
  deliver(task: Task): void;
  /** Set when the caller has left: until this time (of Date) the poll still takes tasks. */
  ghostUntil?: number;
}

/** The two queues of an activity, tasks and polls, both first in, first out. One of them is empty. */
export class Activity {
  #creation: Creation | undefined;
  readonly #tasks = new Set<Task>();
  readonly #polls = new Set<Poll>();
  readonly #rules: PollRules;

  constructor(
    readonly arn: string,
    rules: PollRules,
  ) {
    this.#rules = rules;
  }

  /**
   * Absent when the activity is deleted. The queues stay: a new one of that name has the same ARN.
   */
  get creation(): Creation | undefined {
    return this.#creation;
  }

  create(encryption: string): Creation {
    return (this.#creation = { date: new Date(), encryption });
  }

  delete(): void {
    this.#creation = undefined;
  }

  /** Tasks that wait for a poll. */
  get queued(): number {
    return this.#tasks.size;
  }

  /** Polls that wait for a task, and whose caller is still there. */
  get openPolls(): number {
    let open = 0;
    for (const poll of this.#polls) if (poll.ghostUntil === undefined) open += 1;
    return open;
  }

  /** Gives the task to the poll that has waited longest, or queues it. */
  schedule(task: Task): void {
    const now = Date.now();
    for (const poll of this.#polls) {
      this.#polls.delete(poll);
      if (isOver(poll, now)) continue;
      poll.deliver(task);
      return;
    }
    this.#tasks.add(task);
  }

  /** Takes a task out of the queue, if it is there. */
  withdraw(task: Task): void {
    this.#tasks.delete(task);
  }

  /**
   * Resolves to the result of `handOut`, or to undefined after the long poll. `handOut` is called
   * when this poll gets a task, even if its caller has left. Rejects when the signal aborts.
   */
  async poll<T>(signal: AbortSignal, handOut: (task: Task) => T): Promise<T | undefined> {
    for (const task of this.#tasks) {
      this.#tasks.delete(task);
      return handOut(task);
    }
    if (this.#polls.size >= this.#rules.maxOpenPolls) this.#dropGhostsThatAreOver();
    if (this.#polls.size >= this.#rules.maxOpenPolls) {
      throw new ServiceError(
        'ActivityWorkerLimitExceeded',
        `Activity Worker Limit Exceeded: '${this.arn}' has ${this.#polls.size} open polls`,
      );
    }
    return this.#wait(signal, handOut);
  }

  #wait<T>(signal: AbortSignal, handOut: (task: Task) => T): Promise<T | undefined> {
    const { longPollMs, loseTasksOfAbortedPolls } = this.#rules;
    const endsAt = Date.now() + longPollMs;
    return execute<T | undefined>(signal, (resolve) => {
      const poll: Poll = {
        deliver(task) {
          cancelTimer();
          resolve(handOut(task));
        },
      };
      const cancelTimer = after(longPollMs, () => {
        // With fake timers, a task may have come since the timer fired.
        if (this.#polls.delete(poll)) resolve(undefined);
      });
      this.#polls.add(poll);
      return () => {
        cancelTimer();
        if (loseTasksOfAbortedPolls) poll.ghostUntil = endsAt;
        else this.#polls.delete(poll);
      };
    });
  }

  #dropGhostsThatAreOver(): void {
    const now = Date.now();
    for (const poll of this.#polls) if (isOver(poll, now)) this.#polls.delete(poll);
  }
}

// Ghosts have no timer of their own, so that an aborted poll leaves none behind.
function isOver(poll: Poll, now: number): boolean {
  return poll.ghostUntil !== undefined && poll.ghostUntil <= now;
}
