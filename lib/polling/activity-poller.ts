import { randomBytes } from 'node:crypto';
import { catchAbortError } from 'abort-controller-x';
import type { Activity } from '../sfn/activity-arn.js';
import { ActivityError } from '../sfn/activity-arn.js';
import { errorName, classifyAwsError } from '../sfn/errors.js';
import { errorMessage, requestIdOf } from '../sfn/error-message.js';
import type { Clock } from '../async/clock.js';
import { abortAfter, TimeoutError } from '../async/timeout.js';
import type { CallTrouble, EventName, StepFuncSourceEvents } from '../observe/events.js';
import type { Invoke } from '../task/invoke.js';
import type { OpenPoll, Poller, PollerOptions } from './poller.js';
import { createPoller } from './poller.js';
import type { RunningTasks } from '../observe/running-tasks.js';
import type { TaskAttributes } from '../task/task-attributes.js';
import { carryAttributes, noAttributes } from '../task/task-attributes.js';
import type { Settlement } from '../task/report.js';
import type { PollerLimits } from './slots.js';
import type { ActivityTask, Sfn } from '../sfn/api.js';
import { runTask } from '../task/run-task.js';

/**
 * The time limit of one poll. AWS holds a poll for 60 s, and asks clients to wait for at least 65 s.
 * This is the only limit: the connections have none for polls.
 *
 * @see {@link https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html}
 */
const POLL_TIMEOUT_MS = 70_000;

/** Emits an event. The activity's name is added to its fields. */
export type Emit = <N extends EventName>(
  name: N,
  fields: Omit<StepFuncSourceEvents[N], 'activityName'>,
  /** The cause that a failed task was reported with, for the log only. */
  cause?: string,
) => void;

/** What all pollers of a source have in common. */
export interface ActivityPollerOptions {
  clock: Clock;
  sfn: Sfn;
  activity: Activity;
  workerName: string;
  invoke: Invoke;
  path: string;
  invokeTimeoutMs: number;
  heartbeatIntervalMs: number | undefined;
  onComponentDown: 'fail' | 'wait';
  emit: Emit;
  /** Picks from a task's input what may be shown. Never throws. */
  attributesOf(input: string): TaskAttributes;
  runningTasks: RunningTasks;
  /** A poll has come back, with or without a task, or has failed. */
  onPolled(): void;
  onPollAbandoned(): void;
  /** Milliseconds after which a poll has failed. */
  pollTimeoutMs?: number;
}

/** What a poller needs from its poller set. */
export type PollerHooks = Pick<PollerOptions<ActivityTask>, 'onSlotFreed' | 'canPoll'>;

/** Polls the activity, runs its tasks, and emits what happens. */
export function createActivityPoller(
  { index: poller, concurrency }: PollerLimits,
  options: ActivityPollerOptions & PollerHooks,
): Poller {
  const { clock, sfn, activity, workerName, emit, attributesOf, runningTasks, onPolled } = options;
  const { invoke, path, invokeTimeoutMs, heartbeatIntervalMs, onComponentDown } = options;
  const { pollTimeoutMs = POLL_TIMEOUT_MS } = options;
  const timeoutError = () => new TimeoutError(pollTimeoutMs);

  async function poll(open: OpenPoll, drain: AbortSignal): Promise<ActivityTask | undefined> {
    const arn = activity.known();
    if (arn === undefined) {
      // Nothing is sent after the wait. Meanwhile a lease may have expired, a back-off may have
      // begun, and slots may have gone. The poller decides anew.
      await activity.arn(drain).catch(catchAbortError);
      return undefined;
    }
    if (drain.aborted) return undefined;
    open.sentAt = clock.monotonic();
    try {
      return await abortAfter(
        open.controller,
        pollTimeoutMs,
        timeoutError,
        (signal) => sfn.getActivityTask(arn, workerName, signal),
        clock,
      );
    } catch (error) {
      if (classifyAwsError(error) === 'activityNotFound') activity.forget(arn);
      throw error;
    } finally {
      onPolled();
    }
  }

  async function runJob(
    signal: AbortSignal,
    controller: AbortController,
    activityTask: ActivityTask,
  ): Promise<void> {
    const task = nextTaskId();
    const receivedAt = clock.monotonic();
    let invokedAt: number | undefined;
    const attributes = attributesOf(activityTask.input);
    runningTasks.add(task, poller, attributes);
    emit('taskReceived', { task, poller, attributes });
    const settlement = await runTask(signal, controller, activityTask, {
      task,
      path,
      invokeTimeoutMs,
      heartbeatIntervalMs,
      sfn,
      invoke:
        attributes === noAttributes
          ? invoke
          : (request, invokeSignal) => invoke(carryAttributes(request, attributes), invokeSignal),
      clock,
      componentWait:
        onComponentDown === 'fail'
          ? undefined
          : {
              onWaiting: () => self.pausePolls(controller),
              onConnected: () => self.resumePolls(controller),
            },
      onInvoked() {
        invokedAt = clock.monotonic();
        runningTasks.reporting(task);
      },
      onHeartbeatFailed: (error) => emit('heartbeatFailed', { task, poller, ...troubleOf(error) }),
      onReportFailed: (error) => emit('reportFailed', { task, poller, ...troubleOf(error) }),
      // It never rejects. If a bug made it reject, only this task would be lost, not the poller.
    }).catch((): Settlement => ({ outcome: 'lost', reason: 'abandoned' }));
    const endedAt = clock.monotonic();
    runningTasks.remove(task);
    emitSettlement(emit, settlement, {
      task,
      poller,
      attributes,
      durationMs: endedAt - receivedAt,
      invokeMs: (invokedAt ?? endedAt) - receivedAt,
    });
  }

  function onPollFailed(thrown: unknown, retryInMs: number): void {
    const error = thrown instanceof ActivityError ? thrown.cause : thrown;
    emit('pollFailed', { poller, ...troubleOf(error), message: errorMessage(thrown), retryInMs });
  }

  const self = createPoller({ ...options, concurrency, poll, runJob, onPollFailed });
  return self;
}

/** The fields of a failed call's event. */
function troubleOf(error: unknown): CallTrouble {
  return { error: errorName(error), message: errorMessage(error), requestId: requestIdOf(error) };
}

function emitSettlement(
  emit: Emit,
  settlement: Settlement,
  ended: Omit<StepFuncSourceEvents['taskSucceeded'], 'activityName' | 'attempts'>,
): void {
  switch (settlement.outcome) {
    case 'succeeded':
      emit('taskSucceeded', { ...ended, attempts: settlement.attempts });
      return;
    case 'failed':
      emit('taskFailed', { ...ended, ...failureOf(settlement) }, settlement.cause);
      return;
    case 'lost':
      emit('taskLost', { ...ended, reason: settlement.reason });
  }
}

/** All but the cause, which may hold secrets. */
function failureOf({ attempts, error, message }: Settlement & { outcome: 'failed' }) {
  return { attempts, error, ...(message !== undefined && { message }) };
}

/** Random, so that ids of two processes hardly ever meet in one log. */
const idPrefix = randomBytes(3).toString('hex');
let lastId = 0;

function nextTaskId(): string {
  lastId += 1;
  return `${idPrefix}-${lastId.toString(36)}`;
}
