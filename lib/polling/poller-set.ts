import type { Poller, PollerOptions, Pulse } from './poller.js';
import type { Role } from './slots.js';
import type { PollerStatus } from '../observe/status.js';

/** Roles at work, each with a poller of its own. */
export interface RunningRoles {
  /** From now on these. Roles that are no more run what they have to its end. */
  resize(roles: readonly Role[]): void;
  snapshot(): PollerStatus[];
  pulses(): RolePulse[];
  /** Since when every call to the lock store has failed, and what the last one failed with. */
  lockStoreFailing(): Pulse['failing'];
  /** Resolves once the end has come to its end. Never rejects. */
  ended: Promise<void>;
}

export interface RolePulse extends Pulse {
  role: number;
}

/** Makes the poller of a role. */
export type CreatePoller = (role: Role, hooks: PollerHooks) => Poller;

export type PollerHooks = Pick<PollerOptions, 'onFreed' | 'mayPoll'>;
