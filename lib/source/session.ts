import { throwIfAborted } from 'abort-controller-x';
import { ActivityError, createActivity, regionInArn } from '../sfn/activity-arn.js';
import type { Connections } from '../net/connections.js';
import type { ClientConfig } from '../sfn/client-config.js';
import { errorMessage, requestIdOf } from '../sfn/error-message.js';
import { errorName } from '../sfn/errors.js';
import { prepareClient } from '../sfn/prepare-client.js';
import { attemptStart } from '../sfn/start.js';
import { withTimeout } from '../async/timeout.js';
import { callSafely } from '../common/call-safely.js';
import type { Config } from './config.js';
import type { ShutdownSignals } from '../async/shutdown.js';
import type { Invoke } from '../task/invoke.js';
import { runLeasedPollers } from '../polling/leased-pollers.js';
import type { ResolvedOptions } from './options.js';
import { runLocalPollers } from '../polling/local-pollers.js';
import type { ActivityPollerOptions, Emit } from '../polling/activity-poller.js';
import type { Clock } from '../async/clock.js';
import { createActivityPoller } from '../polling/activity-poller.js';
import { pollersFor } from '../polling/slots.js';
import type { CreatePoller, PollerSet } from '../polling/poller-set.js';
import type { SfnClients } from '../sfn/api.js';
import type { RunningTasks } from '../observe/running-tasks.js';
import { createAttributePicker } from '../task/task-attributes.js';
import { sfnCalls } from '../sfn/api.js';
import type { OwnClients } from '../sfn/clients.js';
import { createSocketCheck } from '../sfn/socket-check.js';

export interface SessionOptions {
  clock: Clock;
  /** Makes the connections of the source's own clients. Default: real ones. */
  connect?: (() => Connections) | undefined;
  /** It may change while the ARN is asked for. */
  config(): Config;
  invoke: Invoke;
  resolvedOptions: ResolvedOptions;
  emit: Emit;
  runningTasks: RunningTasks;
  onPollAbandoned(): void;
}

/** One life of a source, from start to stop. */
export interface Session {
  activityArn(): string | undefined;
  pollers: PollerSet;
  /** Resolves when shutdown has completed. Never rejects. */
  ended: Promise<void>;
}

/**
 * Gets the activity's ARN and starts to poll. If it rejects, nothing is left behind.
 *
 * @throws ActivityError, as a rejection, if the ARN can't be had.
 * @throws AbortError, as a rejection, if shutdown begins first.
 */
export async function startSession(
  shutdown: ShutdownSignals,
  options: SessionOptions,
): Promise<Session> {
  const { clock, connect, invoke, resolvedOptions, emit, runningTasks, onPollAbandoned } = options;
  const { activityName, activityArn: givenArn } = options.config();
  const clients =
    resolvedOptions.clients === undefined
      ? await ownClients(clock, resolvedOptions.clientConfig, regionInArn(givenArn), connect)
      : injectedClients(resolvedOptions.clients);
  const sfn = sfnCalls(clients, clock, resolvedOptions.clients === undefined);
  const activity = createActivity(sfn, activityName, givenArn, shutdown.abortPolls, clock);

  let activityArn: string;
  try {
    // Without this, a stop while the clients were loaded would still call AWS.
    throwIfAborted(shutdown.drain);
    activityArn = await attemptStart(
      shutdown.drain,
      async () => {
        await prepare(clients, activityName, shutdown.drain, clock);
        return activity.arn(shutdown.drain);
      },
      {
        timeoutMs: options.config().startTimeoutMs,
        clock,
        onFailed(thrown, retryInMs) {
          const cause = thrown instanceof ActivityError ? thrown.cause : thrown;
          const [error, message] = [errorName(cause), errorMessage(cause)];
          emit('startFailed', { error, message, requestId: requestIdOf(cause), retryInMs });
        },
      },
    );
  } catch (error) {
    clients.destroy();
    throw error;
  }

  const config = options.config();
  const onPolled = createSocketCheck(clients.poll, config.maxConcurrency, (fields, message) =>
    callSafely(() => resolvedOptions.logger?.warn({ activityName, ...fields }, message)),
  );
  onPolled();
  const attributesOf = createAttributePicker(resolvedOptions.taskAttributes, (problem) =>
    callSafely(() =>
      resolvedOptions.logger?.warn(
        { activityName },
        `taskAttributes must return an object of strings: ${problem}. Its tasks have no attributes`,
      ),
    ),
  );
  const pollerOptions: ActivityPollerOptions = {
    clock,
    sfn,
    activity,
    workerName: config.workerName,
    invoke,
    path: config.path,
    invokeTimeoutMs: config.invokeTimeoutMs,
    heartbeatIntervalMs: config.heartbeatIntervalMs,
    onComponentDown: config.onComponentDown,
    emit,
    attributesOf,
    runningTasks,
    onPolled,
    onPollAbandoned,
  };
  const createPoller: CreatePoller = (limits, hooks) =>
    createActivityPoller(limits, { ...pollerOptions, ...hooks });
  const allPollers = pollersFor(config.maxConcurrency, config.concurrencyPerPoller);
  const pollers =
    resolvedOptions.locks === undefined
      ? runLocalPollers(shutdown, allPollers, createPoller)
      : runLeasedPollers(shutdown, {
          activityArn,
          pollers: allPollers,
          clock,
          locks: resolvedOptions.locks,
          lockTtlMs: config.lockTtlMs,
          maxPollersPerInstance: config.maxPollersPerInstance,
          onLeaseLost: config.onLeaseLost,
          emit,
          createPoller,
        });
  return {
    activityArn: activity.known,
    pollers,
    ended: pollers.ended.then(() => clients.destroy()),
  };
}

/** Loaded only if needed: undici takes as long to load as everything else here. */
async function ownClients(
  clock: Clock,
  config: ClientConfig | undefined,
  arnRegion: string | undefined,
  connect: (() => Connections) | undefined,
): Promise<OwnClients> {
  const { createClients } = await import('../sfn/clients.js');
  return createClients(clock, config, arnRegion, connect?.());
}

/** Injected clients belong to the caller: they are checked, and never destroyed. */
function injectedClients({ poll, report }: SfnClients): OwnClients {
  return {
    poll,
    report,
    async prepare() {
      await Promise.all([prepareClient(poll), prepareClient(report)]);
    },
    destroy: () => undefined,
  };
}

/** The time limit for region and credentials: a metadata service may be slow, or never answer. */
const PREPARE_TIMEOUT_MS = 60_000;

async function prepare(
  clients: OwnClients,
  activityName: string,
  signal: AbortSignal,
  clock: Clock,
): Promise<void> {
  try {
    await withTimeout(signal, PREPARE_TIMEOUT_MS, () => clients.prepare(), clock);
  } catch (error) {
    throw signal.aborted ? error : new ActivityError(activityName, error, 'getting ready');
  }
}
