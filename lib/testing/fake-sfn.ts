import { throwIfAborted } from 'abort-controller-x';
import type { SfnClient, SfnOperation } from '../sfn/api.js';
import { operationOf } from '../sfn/api.js';
import type { NoTask } from './emulator.js';
import { Emulator } from './emulator.js';
import type { Fault, OperationName } from './faults.js';
import { abortTogether } from './abort-together.js';
import type { Reply } from './reply.js';
import { asSdkWould, sdkAbortError } from './sdk-shape.js';
import type { TaskClocks, TaskOutcome } from './fake-task.js';
import { taskInput } from './task-input.js';

/** How a fake behaves, all optional. The defaults are AWS's, except for the time of a long poll. */
export interface FakeSfnOptions {
  /**
   * How long a poll without a task is held, in milliseconds. AWS holds it for 60,000. A stop waits for
   * the open poll, so tests use less.
   *
   * @default 1_000
   */
  longPollMs?: number | undefined;
  /**
   * Whether an aborted poll still takes a task until its `longPollMs` have passed, and so loses it, as
   * at AWS. With `false`, an aborted poll is withdrawn at once.
   *
   * @default true
   */
  loseTasksOfAbortedPolls?: boolean | undefined;
  /**
   * How many polls one activity may have open, aborted ones included. One more fails with
   * ActivityWorkerLimitExceeded.
   *
   * @default 1_000
   */
  maxOpenPolls?: number | undefined;
  /**
   * The `taskToken` of a poll that brings no task: null, absent or the empty string. AWS has sent all
   * three. The SDK makes null absent.
   *
   * @default 'null'
   */
  noTask?: NoTask | undefined;
  /**
   * The region in the activities' ARNs.
   *
   * @default 'us-east-1'
   */
  region?: string | undefined;
  /**
   * The account in the activities' ARNs.
   *
   * @default '123456789012'
   */
  accountId?: string | undefined;
  /**
   * The partition in the activities' ARNs.
   *
   * @default 'aws'
   */
  partition?: string | undefined;
}

/** What `runTask` takes beside the input. */
export interface RunTaskOptions extends TaskClocks {
  /**
   * An abort is StopExecution: the outcome is ABORTED, and reports of the task fail with TaskTimedOut.
   *
   * @default none
   */
  signal?: AbortSignal | undefined;
}

/**
 * Activities of Step Functions in memory, to be passed as `options.client`. It is as strict as AWS;
 * docs/testing.md lists the differences.
 *
 * @example
 * ```ts
 * const sfn = new FakeSfn();
 * const source = createStepFuncSource(config, invoke, { client: sfn });
 * await source.start();
 * expect(await sfn.runTask('sum', { a: 1, b: 2 })).toEqual({ status: 'SUCCEEDED', output: '3' });
 * await source.stop();
 * ```
 */
export class FakeSfn implements SfnClient {
  readonly #emulator: Emulator;
  readonly #abortWith = abortTogether();

  constructor(options: FakeSfnOptions = {}) {
    const { region = 'us-east-1', accountId = '123456789012', partition = 'aws' } = options;
    this.#emulator = new Emulator({
      longPollMs: atLeastZero('longPollMs', options.longPollMs ?? 1_000),
      loseTasksOfAbortedPolls: options.loseTasksOfAbortedPolls ?? true,
      maxOpenPolls: atLeastZero('maxOpenPolls', options.maxOpenPolls ?? 1_000),
      noTask: options.noTask ?? 'null',
      arnPrefix: `arn:${partition}:states:${region}:${accountId}:activity:`,
    });
  }

  /**
   * The SDK's `send`. Resolves to what the SDK would, `$metadata` included. Rejects with errors of the
   * SDK's names and shapes, and with a TypeError if the command is none of an activity worker's five.
   */
  async send(command: object, options: { abortSignal?: AbortSignal } = {}): Promise<unknown> {
    const operation = operationOf(command);
    if (operation === undefined) throw new TypeError(notACommand(command));
    const signal = options.abortSignal ?? new AbortController().signal;
    try {
      throwIfAborted(signal);
      return asSdkWould(await this.#emulator.reply(operation, signal));
    } catch (error) {
      throw signal.aborted ? sdkAbortError(signal) : error;
    }
  }

  /**
   * Runs one task of an activity, as a Task state would, and resolves to its outcome. Creates the
   * activity if there is none. Without a timeout it waits until the task is reported.
   *
   * A string `input` is JSON text and reaches the worker byte for byte. Any other value goes through
   * JSON.stringify.
   *
   * @throws TypeError if a timeout is not a number above 0; ValidationException and the like if AWS
   * would refuse the input or the name.
   */
  async runTask(
    activityName: string,
    input: unknown,
    options: RunTaskOptions = {},
  ): Promise<TaskOutcome> {
    const { signal, timeoutSeconds, heartbeatSeconds } = options;
    moreThanZero('timeoutSeconds', timeoutSeconds);
    moreThanZero('heartbeatSeconds', heartbeatSeconds);
    if (signal?.aborted === true) return { status: 'ABORTED' };
    const clocks = { timeoutSeconds, heartbeatSeconds };
    const task = this.#emulator.schedule(activityName, taskInput(input), clocks);
    if (signal === undefined) return task.outcome;
    const release = this.#abortWith(signal, () => task.abort());
    try {
      return await task.outcome;
    } finally {
      release();
    }
  }

  /**
   * Makes calls fail on demand: see {@link Fault}. A call meets the oldest fault that fits.
   *
   * @returns a function that removes this fault.
   * @throws TypeError if the fault has an unknown kind or field.
   */
  fault(fault: Fault): () => void {
    return this.#emulator.faults.add(fault);
  }

  /** How many calls have arrived, failed ones included: of one operation, or of all. */
  calls(operation?: OperationName): number {
    return this.#emulator.calls(operation);
  }

  /** Polls that are being held, of one activity or of all. Aborted ones are not counted. */
  openPolls(activityName?: string): number {
    return this.#emulator.openPolls(activityName);
  }

  /** Tasks that wait for a poll, of one activity or of all. */
  queued(activityName?: string): number {
    return this.#emulator.queued(activityName);
  }

  /** Tasks handed out and not closed, lost ones too, of one activity or of all. */
  running(activityName?: string): number {
    return this.#emulator.running(activityName);
  }

  /**
   * Deletes an activity: polls then answer ActivityDoesNotExist until it is created again. Polls that are
   * held and tasks that are queued stay. No effect where there is none.
   */
  deleteActivity(name: string): void {
    this.#emulator.deleteActivity(name);
  }

  /** The ARN that an activity of that name has, whether it exists or not. */
  activityArn(name: string): string {
    return this.#emulator.activityArn(name);
  }

  /**
   * For the server: a call that did not come through the SDK.
   * @internal
   */
  reply(operation: SfnOperation, signal: AbortSignal): Promise<Reply> {
    return this.#emulator.reply(operation, signal);
  }
}

function notACommand(command: unknown): string {
  const came =
    typeof command === 'object' && command !== null ? command.constructor.name : typeof command;
  return (
    'FakeSfn.send: expected a CreateActivityCommand, GetActivityTaskCommand, SendTaskSuccessCommand, ' +
    `SendTaskFailureCommand or SendTaskHeartbeatCommand of @aws-sdk/client-sfn; got ${came}. If it is ` +
    'one of these, @aws-sdk/client-sfn is installed twice: see `npm ls @aws-sdk/client-sfn`.'
  );
}

function atLeastZero(name: string, value: number): number {
  if (value >= 0) return value;
  throw new RangeError(`${name}: expected a number >= 0; got ${value}`);
}

function moreThanZero(name: string, value: number | undefined): void {
  if (value === undefined || value > 0) return;
  throw new RangeError(`${name}: expected a number > 0; got ${value}`);
}
