import type { Failing, NumberedVitals } from '../observe/vitals.js';
import type { PollerStatus } from '../observe/status.js';
import type { PollerHooks } from './activity-poller.js';
import type { Poller } from './poller.js';
import type { PollerLimits } from './slots.js';

/** The pollers that run in this process. */
export interface PollerSet {
  /**
   * Changes the pollers to these. Others end when their polls have come back and their tasks are
   * reported.
   */
  resize(pollers: readonly PollerLimits[]): void;
  snapshot(): PollerStatus[];
  vitals(): NumberedVitals[];
  /** When the calls to the lock store began to fail, if all fail, and the last error. */
  lockStoreFailing(): Failing | undefined;
  /** Resolves when shutdown has completed. Never rejects. */
  ended: Promise<void>;
}

export type CreatePoller = (limits: PollerLimits, hooks: PollerHooks) => Poller;
