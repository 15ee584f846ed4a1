import type { Failing, NumberedVitals } from '../observe/vitals.js';
import type { PollerStatus } from '../observe/status.js';
import type { PollerHooks } from './activity-poller.js';
import type { Poller } from './poller.js';
import type { PollerLimits } from './slots.js';

/** The pollers that this process runs. */
export interface PollerSet {
  /** From now on these. Pollers that are no more run what they have to its end. */
  resize(pollers: readonly PollerLimits[]): void;
  snapshot(): PollerStatus[];
  vitals(): NumberedVitals[];
  /** Since when every call to the lock store has failed, and what the last one failed with. */
  lockStoreFailing(): Failing | undefined;
  /** Resolves when shutdown has completed. Never rejects. */
  ended: Promise<void>;
}

export type CreatePoller = (limits: PollerLimits, hooks: PollerHooks) => Poller;
