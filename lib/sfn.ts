import type { SFNClient } from '@aws-sdk/client-sfn';
import {
  CreateActivityCommand,
  GetActivityTaskCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
} from '@aws-sdk/client-sfn';

/**
 * What the source needs of an SFN client: the SDK's `send`. An `SFNClient` fits, so does `FakeSfn`
 * of `stepfunc-source/testing`, so does anything that wraps one of them.
 */
export interface SfnClient {
  send(command: object, options?: { abortSignal?: AbortSignal }): Promise<unknown>;
}

/** The SDK's own client is one (checked by the compiler, here and nowhere else). */
type Fits<T extends SfnClient> = T;
export type SdkClient = Fits<SFNClient>;

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

/** The five calls. Each rejects with what the client rejected with: see `meaningOf`. */
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
      const activityArn = field(answer, 'activityArn');
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
      const token = field(answer, 'taskToken');
      if (typeof token !== 'string' || token === '') return undefined;
      const input = field(answer, 'input');
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

/**
 * What an error of one of the five calls means for the source. Told by `error.name`, never by a
 * message, since AWS words those as it likes.
 *
 * - `closed`: the task is no longer ours (or never was). TaskTimedOut is also what AWS answers to a
 *   second report, and so to the SDK's own retry of a report that had arrived.
 * - `refused`: this content will never be taken, another report may be.
 * - `gone`: the activity does not exist.
 * - `undelivered`: passing, and certainly without effect at AWS.
 * - `unknown`: passing, and it may have had its effect.
 */
export type Meaning = 'closed' | 'refused' | 'gone' | 'undelivered' | 'unknown';

const meanings = new Map<string, Meaning>([
  ['InvalidToken', 'closed'],
  ['TaskDoesNotExist', 'closed'],
  ['TaskTimedOut', 'closed'],
  ['InvalidOutput', 'refused'],
  ['ValidationException', 'refused'],
  ['KmsAccessDeniedException', 'refused'],
  ['KmsInvalidStateException', 'refused'],
  ['ActivityDoesNotExist', 'gone'],
  ['ResourceNotFound', 'gone'],
]);

/** Connections that were never made: nothing can have arrived. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

export function meaningOf(error: unknown): Meaning {
  const known = meanings.get(errorName(error));
  if (known !== undefined) return known;
  const code = field(error, 'code');
  if (typeof code === 'string' && neverSent.has(code)) return 'undelivered';
  // A 4xx is a refusal at the door (throttling, signature, permission): nothing was done.
  const status = field(field(error, '$metadata'), 'httpStatusCode');
  if (typeof status === 'number' && status >= 400 && status < 500) return 'undelivered';
  return 'unknown';
}

/** A short name to tell an error by, free of anything secret: its name, or its system code. */
export function errorName(error: unknown): string {
  const name = field(error, 'name');
  const code = field(error, 'code');
  const plain = name === undefined || name === 'Error' || name === 'AggregateError';
  if (plain && typeof code === 'string' && code !== '') return code;
  return typeof name === 'string' && name !== '' ? name : typeof error;
}

/** How often the client had tried, from an answer or an error; 1 where it does not say. */
export function attemptsOf(answerOrError: unknown): number {
  const attempts = field(field(answerOrError, '$metadata'), 'attempts');
  return typeof attempts === 'number' && attempts >= 1 ? attempts : 1;
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

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
