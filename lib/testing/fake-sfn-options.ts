import { checkKeys } from '../common/check-keys.js';
import { formatValue } from '../common/format-value.js';
import type { EmulatorRules, NoTask } from './emulator.js';
import type { TaskClocks } from './fake-task.js';

/** How a fake behaves, all optional. The defaults are AWS's, except `longPollMs`. */
export interface FakeSfnOptions {
  /**
   * How long a poll without a task is held, in milliseconds: a number from 0. AWS holds it for 60,000.
   * A stop waits for the open poll, so that tests use less.
   *
   * @default 1_000
   * @see {@link https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html}
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
   * How many polls one activity may have open, aborted ones included: a number from 0. One more fails
   * with ActivityWorkerLimitExceeded.
   *
   * @default 1_000
   * @see {@link https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html}
   */
  maxOpenPolls?: number | undefined;
  /**
   * The `taskToken` of a poll without a task: null, absent or the empty string. AWS has sent all three.
   * The SDK turns null into absent.
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

/** The third argument of `runTask`. */
export interface RunTaskOptions extends TaskClocks {
  /**
   * Aborting it is StopExecution: the outcome is ABORTED, and reports of the task fail with TaskTimedOut.
   *
   * @default none
   */
  signal?: AbortSignal | undefined;
}

/** What FakeSfnOptions has. The compiler wants each of them here. */
export const fakeSfnKeys = Object.keys({
  longPollMs: true,
  loseTasksOfAbortedPolls: true,
  maxOpenPolls: true,
  noTask: true,
  region: true,
  accountId: true,
  partition: true,
} satisfies Record<keyof FakeSfnOptions, true>);

/** The options with their defaults. Throws a TypeError or a RangeError that names the wrong one. */
export function checkFakeSfnOptions(options: FakeSfnOptions): EmulatorRules {
  checkKeys('FakeSfn', options, fakeSfnKeys);
  const { region = 'us-east-1', accountId = '123456789012', partition = 'aws' } = options;
  return {
    longPollMs: atLeastZero('longPollMs', options.longPollMs ?? 1_000),
    loseTasksOfAbortedPolls: options.loseTasksOfAbortedPolls ?? true,
    maxOpenPolls: atLeastZero('maxOpenPolls', options.maxOpenPolls ?? 1_000),
    noTask: checkNoTask(options.noTask ?? 'null'),
    arnPrefix: `arn:${partition}:states:${region}:${accountId}:activity:`,
  };
}

function atLeastZero(name: string, value: number): number {
  if (value >= 0) return value;
  throw new RangeError(`${name}: expected a number >= 0; got ${value}`);
}

function checkNoTask(noTask: NoTask): NoTask {
  if (['null', 'absent', 'empty'].includes(noTask)) return noTask;
  throw new TypeError(`noTask: expected 'null', 'absent' or 'empty', got ${formatValue(noTask)}`);
}
