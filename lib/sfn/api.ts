import {
  CreateActivityCommand,
  GetActivityTaskCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
} from '@aws-sdk/client-sfn';
import type { Clock } from '../async/clock.js';
import { withTimeout } from '../async/timeout.js';
import { callTimeoutMs } from './call-timeout.js';
import { hideInMessage } from './error-message.js';
import { attemptsOf } from './errors.js';
import { getProperty } from '../common/property.js';

/**
 * The part of an SFN client that the source uses: the SDK's `send`. An `SFNClient` fits, and so does
 * `FakeSfn` of `stepfunc-source/testing`.
 */
export interface SfnClient {
  /** Sends one of the SDK's commands: resolves to its output, rejects with the SDK's errors. */
  send(command: object, options?: { abortSignal?: AbortSignal }): Promise<unknown>;
}

/** Two clients, so that a report never waits for a socket that an open poll holds. */
export interface SfnClients {
  /** Sends GetActivityTask. It must not retry: the response that was cut off may have had a task. */
  poll: SfnClient;
  /** Sends CreateActivity, SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat. */
  report: SfnClient;
}

export interface ActivityTask {
  token: string;
  input: string;
}

/**
 * The five calls. Each rejects with the client's error: see errors.ts and error-message.ts. Reports
 * and heartbeats settle in limited time (T13), even if the client ignores its signal.
 */
export interface Sfn {
  /** Resolves to the activity's ARN. Creates the activity if there is none. */
  createActivity(name: string, signal: AbortSignal): Promise<string>;
  /** One poll. Resolves to undefined if it came back without a task. */
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

/**
 * `attemptsAreBounded`: the clients limit each attempt's time themselves, as the source's own do. Any
 * other client might wait for ever, so that the whole call gets a time limit.
 */
export function sfnCalls(
  { poll, report }: SfnClients,
  clock: Clock,
  attemptsAreBounded = false,
): Sfn {
  async function sendReport(
    command: object,
    secrets: readonly string[],
    signal: AbortSignal,
  ): Promise<unknown> {
    const send = (abortSignal: AbortSignal) => report.send(command, { abortSignal });
    try {
      if (attemptsAreBounded) return await send(signal);
      const bytes = secrets.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      return await withTimeout(signal, callTimeoutMs(bytes), send, clock);
    } catch (error) {
      hideInMessage(error, secrets);
      throw error;
    }
  }

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

    async sendTaskSuccess(taskToken, output, signal) {
      const command = new SendTaskSuccessCommand({ taskToken, output });
      return attemptsOf(await sendReport(command, [taskToken, output], signal));
    },

    async sendTaskFailure(taskToken, failure, signal) {
      const command = new SendTaskFailureCommand({ taskToken, ...failure });
      return attemptsOf(await sendReport(command, [taskToken, failure.cause ?? ''], signal));
    },

    async sendTaskHeartbeat(taskToken, signal) {
      await sendReport(new SendTaskHeartbeatCommand({ taskToken }), [taskToken], signal);
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
