import { errorName } from './aws-errors.js';
import type { Config } from './config.js';
import type { Ending } from './ending.js';
import { endingEarlier } from './ending.js';
import { createLeasePool } from './lease-pool.js';
import type { LockFactory } from './locks/types.js';
import type { Poller } from './poller.js';
import type { Tell } from './role-poller.js';
import type { Role } from './roles.js';
import type { PollerStatus } from './status.js';

export interface LeasedRolesOptions {
  activityArn: string;
  roles: readonly Role[];
  locks: LockFactory;
  config: Config;
  tell: Tell;
  createPoller(role: Role): Poller;
}

/** Pollers that are at work. */
export interface RunningRoles {
  snapshot(): PollerStatus[];
  /** Resolves once the end has come to its end. Never rejects. */
  ended: Promise<void>;
}

/** Runs every role for itself: this source is the only one. */
export function runOwnRoles(
  ending: Ending,
  roles: readonly Role[],
  createPoller: (role: Role) => Poller,
): RunningRoles {
  const pollers = roles.map((role) => ({ role: role.index, poller: createPoller(role) }));
  return {
    snapshot: () => pollers.map(({ role, poller }) => ({ role, ...poller.snapshot() })),
    ended: Promise.all(pollers.map(({ poller }) => poller.run(ending))).then(() => undefined),
  };
}

/** Competes for the roles with other instances, and runs a poller for each while its lease is held. */
export function runLeasedRoles(ending: Ending, options: LeasedRolesOptions): RunningRoles {
  const { activityArn, roles, locks, config, tell, createPoller } = options;
  const pollers = new Map<number, Poller>();

  async function work(index: number, lost: AbortSignal): Promise<void> {
    const role = roles[index];
    if (role === undefined) return;
    const poller = createPoller(role);
    pollers.set(index, poller);
    await endingEarlier(ending, lost, config.onLeaseLost, poller.run);
    pollers.delete(index);
  }

  const pool = createLeasePool({
    locks,
    // Without the sizes: instances of a rolling deployment share roles whatever theirs are.
    names: roles.map(({ index }) => `stepfunc-source:${activityArn}:${index}`),
    ttlMs: config.lockTtlMs,
    maxHeld: config.maxPollersPerInstance,
    work,
    on: {
      acquired: (role) => tell('roleAcquired', { role }),
      lost: (role, error) => tell('roleLost', { role, error: error.name }),
      released: (role) => tell('roleReleased', { role }),
      storeFailed: (role, error) => tell('lockStoreFailed', { role, error: errorName(error) }),
    },
  });
  return {
    snapshot: () =>
      pool.held().flatMap(({ index: role, ...lease }) => {
        const poller = pollers.get(role);
        return poller === undefined ? [] : [{ role, ...poller.snapshot(), lease }];
      }),
    ended: pool.run(ending.drain),
  };
}
