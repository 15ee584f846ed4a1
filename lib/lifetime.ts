import { randomBytes } from 'node:crypto';
import type { Activity } from './activity.js';
import { ActivityError, createActivity } from './activity.js';
import { errorName, meaningOf } from './aws-errors.js';
import { bounded } from './bounded.js';
import { callSafely } from './call-safely.js';
import type { Config } from './config.js';
import type { Ending } from './ending.js';
import type { EventName, StepFuncSourceEvents } from './events.js';
import type { Invoke } from './invoke.js';
import type { LiveOptions } from './options.js';
import type { Poller } from './poller.js';
import { createPoller } from './poller.js';
import type { Settlement } from './report.js';
import type { Role } from './roles.js';
import { rolesFor } from './roles.js';
import type { ActivityTask, Sfn } from './sfn.js';
import { defaultClients, sfnCalls } from './sfn.js';
import { createSocketCheck } from './sockets.js';
import { runTask } from './task.js';

/** AWS holds a poll for 60 s and asks clients to wait for 65 s at least (API reference, GetActivityTask). */
const POLL_TIMEOUT_MS = 70_000;

/** Tells an event, its activity's name being added. */
export type Tell = <N extends EventName>(
  name: N,
  fields: Omit<StepFuncSourceEvents[N], 'activityName'>,
) => void;

export interface LifetimeOptions {
  config: Config;
  invoke: Invoke;
  live: LiveOptions;
  tell: Tell;
  onPollAbandoned(): void;
}

/** A source's life from start to stop. */
export interface Lifetime {
  activityArn(): string | undefined;
  pollers(): ({ role: number } & ReturnType<Poller['snapshot']>)[];
  /** Resolves once the end has come to its end. Never rejects. */
  ended: Promise<void>;
}

/**
 * Gets the activity's ARN and starts to poll. Rejects with an ActivityError where the ARN can't be
 * had, and with an AbortError where the end comes first; nothing is left behind then.
 */
export async function beginLifetime(ending: Ending, options: LifetimeOptions): Promise<Lifetime> {
  const { config, live } = options;
  const clients = live.clients === undefined ? defaultClients() : { ...live.clients, destroy };
  const sfn = sfnCalls(clients);
  const activity = createActivity(sfn, config.activityName, config.activityArn, ending.abort);
  const checkSockets = createSocketCheck(clients.poll, config.maxConcurrency, (fields, message) =>
    callSafely(() => live.logger?.warn({ activityName: config.activityName, ...fields }, message)),
  );

  try {
    await activity.arn(ending.drain);
  } catch (error) {
    clients.destroy();
    throw error;
  }
  checkSockets();

  const pollers = rolesFor(config.maxConcurrency, config.concurrencyPerPoller).map((role) => ({
    role: role.index,
    poller: createRolePoller(role, sfn, activity, checkSockets, options),
  }));
  const running = Promise.all(pollers.map(({ poller }) => poller.run(ending)));
  return {
    activityArn: activity.known,
    pollers: () => pollers.map(({ role, poller }) => ({ role, ...poller.snapshot() })),
    ended: running.then(() => clients.destroy()),
  };
}

function destroy(): void {
  // Injected clients are the caller's.
}

/** The poller of one role: polls the activity, runs its tasks, and tells what happens. */
function createRolePoller(
  { index: role, concurrency }: Role,
  sfn: Sfn,
  activity: Activity,
  afterPoll: () => void,
  { config, invoke, tell, onPollAbandoned }: LifetimeOptions,
): Poller {
  async function poll(signal: AbortSignal): Promise<ActivityTask | undefined> {
    const arn = await activity.arn(signal);
    try {
      return await bounded(signal, POLL_TIMEOUT_MS, (inner) =>
        sfn.getActivityTask(arn, config.workerName, inner),
      );
    } catch (error) {
      if (meaningOf(error) === 'gone') activity.forget(arn);
      throw error;
    } finally {
      afterPoll();
    }
  }

  async function work(
    signal: AbortSignal,
    interruption: AbortController,
    activityTask: ActivityTask,
  ): Promise<void> {
    const task = nextTaskId();
    const receivedAt = performance.now();
    tell('taskReceived', { task, role });
    const settlement = await runTask(signal, interruption, activityTask, {
      ...config,
      sfn,
      invoke,
      onHeartbeatFailed: (error) =>
        tell('heartbeatFailed', { task, role, error: errorName(error) }),
    });
    tellSettlement(tell, { task, role }, settlement, performance.now() - receivedAt);
  }

  function onPollFailed(thrown: unknown, retryInMs: number): void {
    const error = errorName(thrown instanceof ActivityError ? thrown.cause : thrown);
    tell('pollFailed', { role, error, retryInMs });
  }

  return createPoller({ concurrency, poll, work, onPollFailed, onPollAbandoned });
}

function tellSettlement(
  tell: Tell,
  which: { task: string; role: number },
  settlement: Settlement,
  durationMs: number,
): void {
  switch (settlement.outcome) {
    case 'succeeded':
      tell('taskSucceeded', { ...which, durationMs, attempts: settlement.attempts });
      break;
    case 'failed': {
      const { error, attempts } = settlement;
      tell('taskFailed', { ...which, durationMs, attempts, error });
      break;
    }
    case 'lost':
      tell('taskLost', { ...which, outcome: settlement.how });
  }
}

/** Ids tell the tasks of this process apart, and hardly ever meet those of another in one log. */
const idPrefix = randomBytes(3).toString('hex');
let lastId = 0;

function nextTaskId(): string {
  lastId += 1;
  return `${idPrefix}-${lastId.toString(36)}`;
}
