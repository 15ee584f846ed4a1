import type { StepFuncSourceState } from './events.js';
import type { Totals } from './totals.js';

/** What a source is doing, and what it has done since it was created. */
export interface StepFuncSourceStatus extends Totals {
  /** `stopped`, `starting`, `running` or `stopping`. */
  state: StepFuncSourceState;
  /** Undefined until the ARN is known. */
  activityArn: string | undefined;
  /** The pollers; empty while the source is not running. With `locks`: those held here. */
  pollers: PollerStatus[];
}

/** What one poller is doing. */
export interface PollerStatus {
  /** The poller's number, from 0. */
  poller: number;
  /** Its slots: open polls and tasks together never exceed them. */
  concurrency: number;
  /** Polls that were sent and have not come back. */
  openPolls: number;
  /** Tasks received and not yet reported. */
  tasks: number;
  /** With `locks` only: the lease by which this instance holds the poller. */
  lease?: LeaseStatus;
}

/** The lease by which an instance holds a poller. */
export interface LeaseStatus {
  /** When this instance acquired the lease: milliseconds since 1970. */
  since: number;
  /** When the lease was last renewed or acquired: milliseconds since 1970. */
  renewedAt: number;
  /** The lease is lost, and the poller's last tasks are draining. */
  lost: boolean;
}
