import type { StepFuncSourceState } from './events.js';
import type { Totals } from './totals.js';

/** What a source is doing, and what it has done since it was created. */
export interface StepFuncSourceStatus extends Totals {
  state: StepFuncSourceState;
  /** Undefined until the ARN is known. */
  activityArn: string | undefined;
  /** One a poller; empty while the source is not running. With `locks`: the pollers held here. */
  pollers: PollerStatus[];
}

/** What one poller is doing. */
export interface PollerStatus {
  /** The poller's number, from 0. */
  poller: number;
  /** Its slots: open polls and tasks together never exceed them. */
  concurrency: number;
  openPolls: number;
  /** Tasks received and not yet reported. */
  tasks: number;
  /** With `locks` only: what the poller is held by. */
  lease?: LeaseStatus;
}

/** The lease that a poller is held by. */
export interface LeaseStatus {
  /** When this instance got the poller: milliseconds since 1970. */
  since: number;
  /** When the lease was last renewed, or got: milliseconds since 1970. */
  renewedAt: number;
  /** The poller is no longer ours; its last tasks are coming to their end. */
  lost: boolean;
}
