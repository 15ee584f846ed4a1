import { throwIfAborted } from 'abort-controller-x';
import { createActivity } from '../sfn/activity-arn.js';
import { callSafely } from '../common/call-safely.js';
import type { Config } from './config.js';
import type { Ending } from '../async/shutdown.js';
import type { Invoke } from '../task/invoke.js';
import { runLeasedRoles } from '../polling/leased-pollers.js';
import type { LiveOptions } from './options.js';
import { runOwnRoles } from '../polling/local-pollers.js';
import type { Tell } from '../polling/activity-poller.js';
import { createRolePoller } from '../polling/activity-poller.js';
import { rolesFor } from '../polling/slots.js';
import type { CreatePoller, RunningRoles } from '../polling/poller-set.js';
import { sfnCalls } from '../sfn/api.js';
import type { DefaultClients } from '../sfn/clients.js';
import { createSocketCheck } from '../sfn/socket-check.js';

export interface LifetimeOptions {
  /** May change while the ARN is asked for. */
  config(): Config;
  invoke: Invoke;
  live: LiveOptions;
  tell: Tell;
  onPollAbandoned(): void;
}

/** A source's life from start to stop. */
export interface Lifetime {
  activityArn(): string | undefined;
  roles: RunningRoles;
  /** Resolves once the end has come to its end. Never rejects. */
  ended: Promise<void>;
}

/**
 * Gets the activity's ARN and starts to poll. Rejects with an ActivityError where the ARN can't be
 * had, and with an AbortError where the end comes first; nothing is left behind then.
 */
export async function beginLifetime(ending: Ending, options: LifetimeOptions): Promise<Lifetime> {
  const { invoke, live, tell, onPollAbandoned } = options;
  const { activityName, activityArn: givenArn } = options.config();
  const clients = live.clients === undefined ? await ownClients() : { ...live.clients, destroy };
  const sfn = sfnCalls(clients);
  const activity = createActivity(sfn, activityName, givenArn, ending.abort);

  let activityArn: string;
  try {
    // A stop while the clients were loaded: nothing shall be asked for.
    throwIfAborted(ending.drain);
    activityArn = await activity.arn(ending.drain);
  } catch (error) {
    clients.destroy();
    throw error;
  }

  const config = options.config();
  const onPolled = createSocketCheck(clients.poll, config.maxConcurrency, (fields, message) =>
    callSafely(() => live.logger?.warn({ activityName, ...fields }, message)),
  );
  onPolled();
  const createPoller: CreatePoller = (role, hooks) =>
    createRolePoller(role, {
      config,
      sfn,
      activity,
      invoke,
      tell,
      onPolled,
      onPollAbandoned,
      ...hooks,
    });
  const allRoles = rolesFor(config.maxConcurrency, config.concurrencyPerPoller);
  const roles =
    live.locks === undefined
      ? runOwnRoles(ending, allRoles, createPoller)
      : runLeasedRoles(ending, {
          activityArn,
          roles: allRoles,
          locks: live.locks,
          config,
          tell,
          createPoller,
        });
  return {
    activityArn: activity.known,
    roles,
    ended: roles.ended.then(() => clients.destroy()),
  };
}

/** Loaded where they are needed: undici takes as long to load as all else here. */
async function ownClients(): Promise<DefaultClients> {
  const { defaultClients } = await import('../sfn/clients.js');
  return defaultClients();
}

function destroy(): void {
  // Injected clients are the caller's.
}
