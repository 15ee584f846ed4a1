import { createActivity } from './activity.js';
import { callSafely } from './call-safely.js';
import type { Config } from './config.js';
import type { Ending } from './ending.js';
import type { Invoke } from './invoke.js';
import type { LiveOptions } from './options.js';
import type { Tell } from './role-poller.js';
import { createRolePoller } from './role-poller.js';
import type { Role } from './roles.js';
import { rolesFor } from './roles.js';
import { runLeasedRoles, runOwnRoles } from './running-roles.js';
import { defaultClients, sfnCalls } from './sfn.js';
import { createSocketCheck } from './sockets.js';
import type { PollerStatus } from './status.js';

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
  pollers(): PollerStatus[];
  /** Resolves once the end has come to its end. Never rejects. */
  ended: Promise<void>;
}

/**
 * Gets the activity's ARN and starts to poll. Rejects with an ActivityError where the ARN can't be
 * had, and with an AbortError where the end comes first; nothing is left behind then.
 */
export async function beginLifetime(ending: Ending, options: LifetimeOptions): Promise<Lifetime> {
  const { config, invoke, live, tell, onPollAbandoned } = options;
  const clients = live.clients === undefined ? defaultClients() : { ...live.clients, destroy };
  const sfn = sfnCalls(clients);
  const activity = createActivity(sfn, config.activityName, config.activityArn, ending.abort);
  const onPolled = createSocketCheck(clients.poll, config.maxConcurrency, (fields, message) =>
    callSafely(() => live.logger?.warn({ activityName: config.activityName, ...fields }, message)),
  );

  let activityArn: string;
  try {
    activityArn = await activity.arn(ending.drain);
  } catch (error) {
    clients.destroy();
    throw error;
  }
  onPolled();

  const roles = rolesFor(config.maxConcurrency, config.concurrencyPerPoller);
  const createPoller = (role: Role) =>
    createRolePoller(role, { config, sfn, activity, invoke, tell, onPolled, onPollAbandoned });
  const running =
    live.locks === undefined
      ? runOwnRoles(ending, roles, createPoller)
      : runLeasedRoles(ending, {
          activityArn,
          roles,
          locks: live.locks,
          config,
          tell,
          createPoller,
        });
  return {
    activityArn: activity.known,
    pollers: running.snapshot,
    ended: running.ended.then(() => clients.destroy()),
  };
}

function destroy(): void {
  // Injected clients are the caller's.
}
