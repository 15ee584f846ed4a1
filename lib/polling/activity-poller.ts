import { randomBytes } from 'node:crypto';
import { catchAbortError } from 'abort-controller-x';
import type { Activity } from '../sfn/activity-arn.js';
import { ActivityError } from '../sfn/activity-arn.js';
import { errorName, classifyAwsError } from '../sfn/errors.js';
import { abortAfter, TimeoutError } from '../async/timeout.js';
import type { Config } from '../source/config.js';
import type { EventName, StepFuncSourceEvents } from '../observe/events.js';
import type { Invoke } from '../task/invoke.js';
import type { Poller } from './poller.js';
import { createPoller } from './poller.js';
import type { Settlement } from '../task/report.js';
import type { PollerLimits } from './slots.js';
import type { ActivityTask, Sfn } from '../sfn/api.js';
import { runTask } from '../task/run-task.js';

/** AWS holds a poll for 60 s and asks clients to wait for 65 s at least (API reference, GetActivityTask). */
const POLL_TIMEOUT_MS = 70_000;

/** Tells an event, its activity's name being added. */
export type Emit = <N extends EventName>(
  name: N,
  fields: Omit<StepFuncSourceEvents[N], 'activityName'>,
) => void;

export interface ActivityPollerOptions {
  config: Config;
  sfn: Sfn;
  activity: Activity;
  invoke: Invoke;
  emit: Emit;
  /** A poll has come back, one way or the other. */
  onPolled(): void;
  onPollAbandoned(): void;
  onSlotFreed?: (() => void) | undefined;
  canPoll?: (() => boolean) | undefined;
}

/** The poller of one poller: polls the activity, runs its tasks, and tells what happens. */
export function createActivityPoller(
  { index: poller, concurrency }: PollerLimits,
  {
    config,
    sfn,
    activity,
    invoke,
    emit,
    onPolled,
    onPollAbandoned,
    onSlotFreed,
    canPoll,
  }: ActivityPollerOptions,
): Poller {
  // Not the whole config, task by task: spreading what zod has made takes 10 µs.
  const { path, invokeTimeoutMs, heartbeatIntervalMs } = config;

  const late = () => new TimeoutError(POLL_TIMEOUT_MS);

  async function poll(
    controller: AbortController,
    drain: AbortSignal,
  ): Promise<ActivityTask | undefined> {
    // While it is waited for, no poll is open yet: from the drain on, there shall be none.
    const arn = activity.known() ?? (await activity.arn(drain).catch(catchAbortError));
    if (arn === undefined || drain.aborted) return undefined;
    try {
      return await abortAfter(controller, POLL_TIMEOUT_MS, late, (signal) =>
        sfn.getActivityTask(arn, config.workerName, signal),
      );
    } catch (error) {
      if (classifyAwsError(error) === 'activityNotFound') activity.forget(arn);
      throw error;
    } finally {
      onPolled();
    }
  }

  async function work(
    signal: AbortSignal,
    interruption: AbortController,
    activityTask: ActivityTask,
  ): Promise<void> {
    const task = nextTaskId();
    const receivedAt = performance.now();
    let invokedAt: number | undefined;
    emit('taskReceived', { task, poller });
    const settlement = await runTask(signal, interruption, activityTask, {
      path,
      invokeTimeoutMs,
      heartbeatIntervalMs,
      sfn,
      invoke,
      onInvoked: () => void (invokedAt = performance.now()),
      onHeartbeatFailed: (error) =>
        emit('heartbeatFailed', { task, poller, error: errorName(error) }),
      onReportFailed: (error) => emit('reportFailed', { task, poller, error: errorName(error) }),
      // It never rejects. If it did, for a bug of ours, one task would be lost, and not the poller.
    }).catch((): Settlement => ({ outcome: 'lost', reason: 'abandoned' }));
    const endedAt = performance.now();
    emitSettlement(emit, settlement, {
      task,
      poller,
      durationMs: endedAt - receivedAt,
      invokeMs: (invokedAt ?? endedAt) - receivedAt,
    });
  }

  function onPollFailed(thrown: unknown, retryInMs: number): void {
    const error = errorName(thrown instanceof ActivityError ? thrown.cause : thrown);
    emit('pollFailed', { poller, error, retryInMs });
  }

  return createPoller({
    concurrency,
    poll,
    work,
    onPollFailed,
    onPollAbandoned,
    onSlotFreed,
    canPoll,
  });
}

function emitSettlement(
  emit: Emit,
  settlement: Settlement,
  ended: { task: string; poller: number; durationMs: number; invokeMs: number },
): void {
  switch (settlement.outcome) {
    case 'succeeded':
      emit('taskSucceeded', { ...ended, attempts: settlement.attempts });
      return;
    case 'failed':
      emit('taskFailed', { ...ended, attempts: settlement.attempts, error: settlement.error });
      return;
    case 'lost':
      emit('taskLost', { ...ended, reason: settlement.reason });
  }
}

/** Ids tell the tasks of this process apart, and hardly ever meet those of another in one log. */
const idPrefix = randomBytes(3).toString('hex');
let lastId = 0;

function nextTaskId(): string {
  lastId += 1;
  return `${idPrefix}-${lastId.toString(36)}`;
}
