import { delay, forever } from 'abort-controller-x';
import type { SfnOperation } from '../sfn/api.js';
import type { PollRules } from './fake-activity.js';
import { Activity } from './fake-activity.js';
import type { OperationName } from './faults.js';
import { Faults } from './faults.js';
import type { Reply } from './reply.js';
import { ServiceError } from './service-error.js';
import type { TaskClocks, TaskOutcome } from './fake-task.js';
import { Task } from './fake-task.js';
import { TaskTokens } from './task-tokens.js';
import type { Input } from './validation.js';
import { checkActivityArn, checkName, checkOutput, fieldsOf } from './validation.js';

/** How GetActivityTask answers if there is no task. */
export type NoTask = 'null' | 'absent' | 'empty';

export interface EmulatorRules extends PollRules {
  /** Of activities: `arn:aws:states:us-east-1:123456789012:activity:`. */
  arnPrefix: string;
  noTask: NoTask;
}

export interface ScheduledTask {
  outcome: Promise<TaskOutcome>;
  abort(): void;
}

/** The encryptionConfiguration of an activity that was created without one, as JSON text. */
const defaultEncryption = 'null';

/** The activities of Step Functions, without the SDK and without a socket. */
export class Emulator {
  readonly faults = new Faults();
  readonly #activities = new Map<string, Activity>();
  readonly #tokens = new TaskTokens();
  readonly #calls = new Map<OperationName, number>();
  readonly #rules: EmulatorRules;

  constructor(rules: EmulatorRules) {
    this.#rules = rules;
  }

  /** Handles one call. Rejects with an abort error if `signal` aborts before there is a reply. */
  async reply({ name, input }: SfnOperation, signal: AbortSignal): Promise<Reply> {
    this.#calls.set(name, this.calls(name) + 1);
    const disturbance = this.faults.take(name, input);
    if (disturbance !== undefined) {
      if (disturbance.latencyMs > 0) await delay(signal, disturbance.latencyMs);
      if (disturbance.hang) await forever(signal);
      if (disturbance.reply !== undefined) return disturbance.reply;
    }
    const reply = await this.#dealWith(name, input, signal);
    return disturbance?.loseAnswer === true ? { kind: 'reset' } : reply;
  }

  /** Queues a task of an activity. Creates the activity if there is none. */
  schedule(activityName: string, input: string, clocks: TaskClocks): ScheduledTask {
    checkName(fieldsOf({ name: activityName }, 'name').name);
    const activity = this.#at(this.activityArn(activityName));
    if (activity.creation === undefined) activity.create(defaultEncryption);
    const task = new Task(input, clocks);
    activity.schedule(task);
    return {
      outcome: task.outcome,
      abort() {
        activity.withdraw(task);
        task.close({ status: 'ABORTED' });
      },
    };
  }

  deleteActivity(name: string): void {
    this.#activities.get(this.activityArn(name))?.delete();
  }

  activityArn(name: string): string {
    return `${this.#rules.arnPrefix}${name}`;
  }

  /** How many calls arrived, those with a fault included. */
  calls(operation?: OperationName): number {
    if (operation !== undefined) return this.#calls.get(operation) ?? 0;
    let calls = 0;
    for (const count of this.#calls.values()) calls += count;
    return calls;
  }

  openPolls(activityName?: string): number {
    return this.#sum(activityName, (activity) => activity.openPolls);
  }

  queued(activityName?: string): number {
    return this.#sum(activityName, (activity) => activity.queued);
  }

  running(activityName?: string): number {
    return this.#sum(activityName, (activity) => this.#tokens.running(activity));
  }

  async #dealWith(name: OperationName, input: Input, signal: AbortSignal): Promise<Reply> {
    try {
      return { kind: 'answer', body: await this.#operations[name](input, signal) };
    } catch (error) {
      if (error instanceof ServiceError) return { kind: 'error', error };
      throw error;
    }
  }

  readonly #operations: Record<OperationName, Operation> = {
    CreateActivity: (input) => {
      const { name } = fieldsOf(input, 'name');
      checkName(name);
      const arn = this.activityArn(name);
      const activity = this.#at(arn);
      const encryption = JSON.stringify(input['encryptionConfiguration'] ?? null);
      const { date, encryption: known } = activity.creation ?? activity.create(encryption);
      if (known !== encryption) {
        throw new ServiceError('ActivityAlreadyExists', `Activity Already Exists: '${arn}'`);
      }
      return { activityArn: arn, creationDate: date };
    },

    GetActivityTask: async (input, signal) => {
      const { activityArn } = fieldsOf(input, 'activityArn', 'workerName');
      checkActivityArn(activityArn);
      const activity = this.#activities.get(activityArn);
      if (activity?.creation === undefined) {
        throw new ServiceError('ActivityDoesNotExist', `Activity Does Not Exist: '${activityArn}'`);
      }
      const answer = await activity.poll(signal, (task) => {
        task.handOut();
        return { taskToken: this.#tokens.issue(task, activity), input: task.input };
      });
      return answer ?? noTaskBodies[this.#rules.noTask];
    },

    SendTaskSuccess: (input) => {
      const { taskToken, output } = fieldsOf(input, 'taskToken', 'output');
      this.#tokens.check(taskToken);
      checkOutput(output);
      this.#tokens.open(taskToken).close({ status: 'SUCCEEDED', output });
      return {};
    },

    SendTaskFailure: (input) => {
      const { taskToken, ...failure } = fieldsOf(input, 'taskToken', 'error', 'cause');
      this.#tokens.open(taskToken).close({ status: 'FAILED', ...failure });
      return {};
    },

    SendTaskHeartbeat: (input) => {
      const { taskToken } = fieldsOf(input, 'taskToken');
      this.#tokens.open(taskToken).heartbeat();
      return {};
    },
  };

  #at(arn: string): Activity {
    let activity = this.#activities.get(arn);
    if (activity === undefined) {
      activity = new Activity(arn, this.#rules);
      this.#activities.set(arn, activity);
    }
    return activity;
  }

  #sum(activityName: string | undefined, count: (activity: Activity) => number): number {
    let sum = 0;
    for (const [arn, activity] of this.#activities) {
      if (activityName === undefined || arn === this.activityArn(activityName))
        sum += count(activity);
    }
    return sum;
  }
}

type Operation = (
  input: Input,
  signal: AbortSignal,
) => Record<string, unknown> | Promise<Record<string, unknown>>;

const noTaskBodies: Record<NoTask, Record<string, unknown>> = {
  null: { taskToken: null },
  absent: {},
  empty: { taskToken: '' },
};
