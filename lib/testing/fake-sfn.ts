import { throwIfAborted } from 'abort-controller-x';
import { checkKeys } from '../common/check-keys.js';
import type { SfnClient, SfnOperation } from '../sfn/api.js';
import { operationOf } from '../sfn/api.js';
import { Emulator } from './emulator.js';
import type { Fault, OperationName } from './faults.js';
import { abortTogether } from './abort-together.js';
import type { Reply } from './reply.js';
import { asSdkWould, sdkAbortError } from './sdk-shape.js';
import type { FakeSfnOptions, RunTaskOptions } from './fake-sfn-options.js';
import { checkFakeSfnOptions } from './fake-sfn-options.js';
import type { TaskOutcome } from './fake-task.js';
import { taskInput } from './task-input.js';

/**
 * Activities of Step Functions in memory, to be given as `options.client`. It is as strict as AWS;
 * docs/testing.md lists the differences.
 *
 * The constructor throws a RangeError if a number is negative.
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

  /** @throws TypeError if an option is unknown or not usable, RangeError if a number is. */
  constructor(options: FakeSfnOptions = {}) {
    this.#emulator = new Emulator(checkFakeSfnOptions(options));
  }

  /**
   * The SDK's `send`. Resolves to what the SDK would, `$metadata` included.
   *
   * @throws an error of the SDK's name and shape, as a rejection.
   * @throws TypeError, as a rejection, if the command is none of an activity worker's five.
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
   * A string is taken as JSON text, and reaches the worker byte for byte. Any other input is serialized
   * by JSON.stringify.
   *
   * @throws TypeError, as a rejection, if an option is unknown.
   * @throws RangeError, as a rejection, if a timeout is not a number above 0.
   * @throws ValidationException and the like, as a rejection, if AWS would refuse the input or the name.
   * @example
   * ```ts
   * const outcome = await sfn.runTask('sum', [1, 2, 3], { timeoutSeconds: 5 });
   * ```
   */
  async runTask(
    activityName: string,
    input: unknown,
    options: RunTaskOptions = {},
  ): Promise<TaskOutcome> {
    checkKeys('FakeSfn.runTask', options, ['timeoutSeconds', 'heartbeatSeconds', 'signal']);
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
   * Makes calls fail: see {@link Fault}. A call meets the oldest fault that fits.
   *
   * @returns A function that removes this fault.
   * @throws TypeError if the fault's kind is unknown, or if one of its fields is wrong.
   * @example
   * ```ts
   * sfn.fault({ kind: 'throttling', operation: 'SendTaskSuccess', times: 3 });
   * ```
   */
  fault(fault: Fault): () => void {
    return this.#emulator.faults.add(fault);
  }

  /** How many calls have arrived, failed ones included. Without an argument: of all operations. */
  calls(operation?: OperationName): number {
    return this.#emulator.calls(operation);
  }

  /** How many polls are open, aborted ones not included. Without an argument: of all activities. */
  openPolls(activityName?: string): number {
    return this.#emulator.openPolls(activityName);
  }

  /** How many tasks wait for a poll. Without an argument: of all activities. */
  queued(activityName?: string): number {
    return this.#emulator.queued(activityName);
  }

  /**
   * How many tasks a poll has taken and nobody has closed, lost ones included. Without an argument: of
   * all activities.
   */
  running(activityName?: string): number {
    return this.#emulator.running(activityName);
  }

  /**
   * Deletes an activity. Polls then fail with ActivityDoesNotExist until it is created again. Polls that
   * are open and tasks that are queued stay. If there is no such activity, nothing happens.
   */
  deleteActivity(name: string): void {
    this.#emulator.deleteActivity(name);
  }

  /** The ARN of an activity of that name, whether it exists or not. */
  activityArn(name: string): string {
    return this.#emulator.activityArn(name);
  }

  /**
   * For the server: a call that did not come through the SDK.
   *
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

function moreThanZero(name: string, value: number | undefined): void {
  if (value === undefined || value > 0) return;
  throw new RangeError(`${name}: expected a number > 0; got ${value}`);
}
