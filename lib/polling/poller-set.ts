import type { Poller, PollerOptions, PollHealth } from './poller.js';
import type { PollerLimits } from './slots.js';
import type { PollerStatus } from '../observe/status.js';

/** Pollers at work, each with a poller of its own. */
export interface PollerSet {
  /** From now on these. Pollers that are no more run what they have to its end. */
  resize(pollers: readonly PollerLimits[]): void;
  snapshot(): PollerStatus[];
  pollHealth(): PollerHealth[];
  /** Since when every call to the lock store has failed, and what the last one failed with. */
  lockStoreFailing(): PollHealth['failing'];
  /** Resolves once the end has come to its end. Never rejects. */
  ended: Promise<void>;
}

export interface PollerHealth extends PollHealth {
  poller: number;
}

/** Makes the poller of a poller. */
export type CreatePoller = (poller: PollerLimits, hooks: PollerHooks) => Poller;

export type PollerHooks = Pick<PollerOptions, 'onSlotFreed' | 'canPoll'>;
