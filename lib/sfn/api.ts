import {
  CreateActivityCommand,
  GetActivityTaskCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
} from '@aws-sdk/client-sfn';
import { attemptsOf } from './errors.js';
import { getProperty } from '../common/property.js';

/**
 * What the source needs of an SFN client: the SDK's `send`. An `SFNClient` fits, so does `FakeSfn`
 * of `stepfunc-source/testing`, so does anything that wraps one of them.
 */
export interface SfnClient {
  /** Sends one of the SDK's commands: resolves to its output, rejects with the SDK's errors. */
  send(command: object, options?: { abortSignal?: AbortSignal }): Promise<unknown>;
}

/** Polls on one client, everything else on another: a report never queues behind a held poll. */
export interface SfnClients {
  /** Sends GetActivityTask. Must not retry by itself: a cut-off answer may have carried a task. */
  poll: SfnClient;
  /** Sends CreateActivity, SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat. */
  report: SfnClient;
}

export interface ActivityTask {
  token: string;
  input: string;
}

/** The five calls. Each rejects with what the client rejected with: see errors.ts. */
export interface Sfn {
  /** Resolves to the activity's ARN, creating the activity where there is none. */
  createActivity(name: string, signal: AbortSignal): Promise<string>;
  /** One poll. Resolves to undefined where the service held it to the end and had no task. */
  getActivityTask(
    activityArn: string,
    workerName: string,
    signal: AbortSignal,
  ): Promise<ActivityTask | undefined>;
  /** Resolves to the attempts that it took (1 unless the client retried). */
  sendTaskSuccess(taskToken: string, output: string, signal: AbortSignal): Promise<number>;
  /** Resolves to the attempts that it took. */
  sendTaskFailure(taskToken: string, failure: TaskFailure, signal: AbortSignal): Promise<number>;
  sendTaskHeartbeat(taskToken: string, signal: AbortSignal): Promise<void>;
}

export interface TaskFailure {
  error?: string;
  cause?: string;
}

export function sfnCalls({ poll, report }: SfnClients): Sfn {
  return {
    async createActivity(name, abortSignal) {
      const answer = await report.send(new CreateActivityCommand({ name }), { abortSignal });
      const activityArn = getProperty(answer, 'activityArn');
      if (typeof activityArn !== 'string' || activityArn === '') {
        throw new TypeError(`CreateActivity answered without an activityArn`);
      }
      return activityArn;
    },

    async getActivityTask(activityArn, workerName, abortSignal) {
      const answer = await poll.send(new GetActivityTaskCommand({ activityArn, workerName }), {
        abortSignal,
      });
      // "No task" is a token that is absent, null or empty; what `input` holds then says nothing.
      const token = getProperty(answer, 'taskToken');
      if (typeof token !== 'string' || token === '') return undefined;
      const input = getProperty(answer, 'input');
      return { token, input: typeof input === 'string' ? input : '' };
    },

    async sendTaskSuccess(taskToken, output, abortSignal) {
      return attemptsOf(
        await report.send(new SendTaskSuccessCommand({ taskToken, output }), { abortSignal }),
      );
    },

    async sendTaskFailure(taskToken, failure, abortSignal) {
      return attemptsOf(
        await report.send(new SendTaskFailureCommand({ taskToken, ...failure }), { abortSignal }),
      );
    },

    async sendTaskHeartbeat(taskToken, abortSignal) {
      await report.send(new SendTaskHeartbeatCommand({ taskToken }), { abortSignal });
    },
  };
}

export type SfnOperation =
  | { name: 'CreateActivity'; input: Record<string, unknown> }
  | { name: 'GetActivityTask'; input: Record<string, unknown> }
  | { name: 'SendTaskSuccess'; input: Record<string, unknown> }
  | { name: 'SendTaskFailure'; input: Record<string, unknown> }
  | { name: 'SendTaskHeartbeat'; input: Record<string, unknown> };

const operations = [
  [CreateActivityCommand, 'CreateActivity'],
  [GetActivityTaskCommand, 'GetActivityTask'],
  [SendTaskSuccessCommand, 'SendTaskSuccess'],
  [SendTaskFailureCommand, 'SendTaskFailure'],
  [SendTaskHeartbeatCommand, 'SendTaskHeartbeat'],
] as const;

/** The operation behind an SDK command, for clients that are not the SDK's (the test kit's). */
export function operationOf(command: object): SfnOperation | undefined {
  for (const [Command, name] of operations) {
    if (command instanceof Command) return { name, input: { ...command.input } };
  }
  return undefined;
}
