/**
 * The first argument of `createStepFuncSource`: plain data. An unknown key is an error, and so is a
 * key for `locks` without `locks`.
 *
 * @example
 * ```ts
 * const config: StepFuncSourceConfig = {
 *   activityName: 'sum',
 *   path: '/step/sum',
 *   maxConcurrency: 20,
 *   concurrencyPerPoller: 10,
 * };
 * ```
 */
export interface StepFuncSourceConfig {
  /**
   * The activity to poll. 1 to 80 characters, without white space, control characters, and the special
   * characters that AWS excludes. If `activityArn` is given too, its name must be the same.
   *
   * @default the name in `activityArn`; without that, required
   * @see {@link https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateActivity.html}
   */
  activityName?: string | undefined;
  /**
   * The path on the component that tasks are POSTed to. It begins with one `/` and is percent-encoded.
   * A query is allowed.
   *
   * @default required, except with an invoke of `functionInvoke`
   */
  path?: string | undefined;
  /**
   * How many tasks run at a time: a whole number from 1, at most 100,000 times `concurrencyPerPoller`.
   * With `locks`, all instances together share this limit. Without, each instance has its own.
   *
   * @default 1
   */
  maxConcurrency?: number | undefined;
  /**
   * How many tasks one poller runs at a time: a whole number from 1. A poller that is idle holds one
   * open poll, so that a higher value means fewer open polls. AWS allows 1,000 open polls per activity.
   *
   * @default 1
   * @see {@link https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html}
   */
  concurrencyPerPoller?: number | undefined;
  /**
   * How long the component may take to respond, in milliseconds: a whole number from 1. Then its
   * request is aborted, and the task fails with `StepFuncSource.Timeout`.
   *
   * @default 300_000
   */
  invokeTimeoutMs?: number | undefined;
  /**
   * What to do with a task if no connection to the component can be made: it is refused, unreachable,
   * or there is no such host.
   *
   * - `'fail'`: the task fails with `StepFuncSource.InvokeFailed`.
   * - `'wait'`: the task is sent again, with back-off, within `invokeTimeoutMs`. Its poller sends no new
   *   poll meanwhile. A component that restarts then does not turn the backlog into failures.
   *
   * @default 'fail'
   */
  onComponentDown?: 'fail' | 'wait' | undefined;
  /**
   * Milliseconds between two heartbeats of a task: a whole number from 1. Set it well below the
   * `HeartbeatSeconds` of the state. The source can't know that value: AWS does not send it.
   *
   * @default no heartbeats
   */
  heartbeatIntervalMs?: number | undefined;
  /**
   * The worker's name in the execution's history: 1 to 80 characters.
   *
   * @default host name and process id, cut to the last 80 characters
   * @see {@link https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html}
   */
  workerName?: string | undefined;
  /**
   * How long `start()` retries passing trouble, in milliseconds: throttling, 5xx, no network,
   * credentials that are not there yet. A whole number from 0; with 0 there is one attempt. Trouble
   * that does not pass (access denied, a bad name, no region) rejects at once.
   *
   * @default 60_000
   */
  startTimeoutMs?: number | undefined;
  /**
   * The activity's ARN. With it CreateActivity is never called, so that its permission is not needed.
   *
   * @default asked for by CreateActivity, which creates the activity if there is none
   */
  activityArn?: string | undefined;
  /**
   * With `locks` only: how long a lease is valid without a renewal, in milliseconds. The pollers of a
   * crashed instance run elsewhere within 4/3 of this. A whole number from 1,000 to 3,600,000.
   *
   * @default 30_000
   */
  lockTtlMs?: number | undefined;
  /**
   * With `locks` only: how many pollers this instance holds at most. A whole number from 1.
   *
   * @default all
   */
  maxPollersPerInstance?: number | undefined;
  /**
   * With `locks` only: what to do with the tasks of a poller whose lease is lost.
   *
   * - `'drain'`: they run to their end. The poller's next holder may run tasks beside them.
   * - `'abort'`: their invokes are aborted, and the tasks fail with `StepFuncSource.LeaseLost`.
   *
   * @default 'drain'
   */
  onLeaseLost?: 'drain' | 'abort' | undefined;
}

/** What `resize` takes: the limits that may change while a source runs. */
export type ConcurrencyLimits = Pick<
  StepFuncSourceConfig,
  'maxConcurrency' | 'concurrencyPerPoller'
>;
