import type { PollFailure } from './poll-failure.js';

/**
 * What a poller's polls tell of Step Functions and of the network. Values are never changed; each
 * transition returns a new one. Moments are of the source's clock, in milliseconds.
 */
export interface PollHealth {
  /** Set from the first failure on, until a poll has shown that polling works again. */
  readonly failing: PollsFailing | undefined;
}

export interface PollsFailing {
  /** When the first poll in this row failed. */
  readonly since: number;
  /** What the last one failed with. */
  readonly error: unknown;
  /** A poll that is open for so long has outlived what the last one failed of. */
  readonly provenAfterMs: number;
}

/** A poll that is open for so long is held by Step Functions: refusals come sooner. */
const HELD_MS = 5_000;

export const healthyPolls: PollHealth = { failing: undefined };

/** A poll that failed. */
export interface FailedPoll {
  error: unknown;
  failure: PollFailure;
  /** Milliseconds from its sending on. */
  openMs: number;
  failedAt: number;
}

/** A poll that was cut says nothing by its end, but it was held before. */
export function afterFailure(health: PollHealth, poll: FailedPoll): PollHealth {
  const { openMs } = poll;
  const before = provenBy(health, openMs);
  if (poll.failure === 'cut') return before;
  return {
    failing: {
      since: before.failing?.since ?? poll.failedAt,
      error: poll.error,
      provenAfterMs: provenAfter(poll.failure, openMs),
    },
  };
}

/** Whether polls fail, as far as the poll that is open for longest, for `openMs`, can tell. */
export function provenBy(health: PollHealth, openMs: number): PollHealth {
  return health.failing !== undefined && openMs >= health.failing.provenAfterMs
    ? healthyPolls
    : health;
}

/**
 * Where polls fail late (a connection that is not made within 10 s, a name server that does not
 * answer), the next one must outlive that. Where nobody answers at all, only an answer proves anything.
 */
function provenAfter(failure: PollFailure, openMs: number): number {
  if (failure === 'unanswered') return Infinity;
  return openMs < HELD_MS ? HELD_MS : openMs + HELD_MS;
}
