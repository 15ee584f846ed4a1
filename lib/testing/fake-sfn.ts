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

/** How a fake behaves, all optional: as AWS does, but for the time of its long polls. */
export interface FakeSfnOptions {
  /**
   * How long a poll is held while there is no task, in milliseconds. Default 1,000, so that a test which
   * stops its service need not wait longer than that for the open poll; AWS holds it 60,000.
   */
  longPollMs?: number | undefined;
  /**
   * Whether a poll whose caller has aborted still takes a task, until `longPollMs` after it was sent,
   * and so loses it: AWS does. Default true. With false, an aborted poll is withdrawn at once.
   */
  loseTasksOfAbortedPolls?: boolean | undefined;
  /** Open polls of one activity, aborted ones counted; one more answers ActivityWorkerLimitExceeded. Default 1,000. */
  maxOpenPolls?: number | undefined;
  /**
   * How "no task" is told: a taskToken that is null, absent or the empty string. All three have been seen
   * of AWS. Default `'null'`. (The SDK makes null absent.)
   */
  noTask?: NoTask | undefined;
  /** In the activities' ARNs. Default `us-east-1`. */
  region?: string | undefined;
  /** In the activities' ARNs. Default `123456789012`. */
  accountId?: string | undefined;
  /** In the activities' ARNs. Default `aws`. */
  partition?: string | undefined;
}

export interface RunTaskOptions extends TaskClocks {
  /** Its abort is StopExecution: the outcome is ABORTED, and reports on the task answer TaskTimedOut. */
  signal?: AbortSignal | undefined;
}

/**
 * Step Functions' activities in memory, to inject where an SFN client is wanted. Strict where AWS is;
 * docs/testing.md says where it differs.
 *
 *     const sfn = new FakeSfn();
 *     const source = createStepFuncSource(config, invoke, { client: sfn });
 *     await source.start();
 *     expect(await sfn.runTask('sum', { a: 1, b: 2 })).toEqual({ status: 'SUCCEEDED', output: '3' });
 *     await source.stop();
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
   * The SDK's `send`: resolves to what the SDK would, `$metadata` included, and rejects with errors of
   * the SDK's names and shapes. Takes the five commands of an activity worker; rejects with a TypeError
   * on anything else.
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
   * Runs one task of an activity, as a Task state of an execution would, and resolves to its outcome;
   * never to a rejection, unless a parameter is one that AWS would not take. Creates the activity where
   * there is none.
   *
   * A string `input` is JSON text, as for StartExecution, and reaches the worker byte for byte; any other
   * value is put through JSON.stringify. Without a time-out it waits for as long as nobody reports.
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
   * Makes calls fail on demand: see {@link Fault}. Faults are met in the order in which they were set, one
   * a call. Returns a function that removes this one. Throws TypeError on a fault that makes no sense.
   */
  fault(fault: Fault): () => void {
    return this.#emulator.faults.add(fault);
  }

  /** How many calls have arrived, failed ones too: of one operation, or of all. */
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
