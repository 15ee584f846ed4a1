import type { PollFailure } from './poll-failure.js';

/**
 * What a poller's polls say of Step Functions and of the network. Values are never changed; each
 * transition returns a new one. Times are milliseconds of the source's clock.
 */
export interface PollHealth {
  /** Set from the first failure, until a poll has shown that polling works again. */
  readonly failing: PollsFailing | undefined;
}

export interface PollsFailing {
  /** When the first poll in this row failed. */
  readonly since: number;
  /** The error of the last one. */
  readonly error: unknown;
  /** A poll that is open for so long shows that the last failure is over. */
  readonly provenAfterMs: number;
}

/** A poll that is open for so long is held by Step Functions. A refusal comes sooner. */
const HELD_MS = 5_000;

export const healthyPolls: PollHealth = { failing: undefined };

/** A poll that failed. */
export interface FailedPoll {
  error: unknown;
  failure: PollFailure;
  /** Milliseconds since it was sent. */
  openMs: number;
  failedAt: number;
}

/** The end of a poll that was cut says nothing, but until then it was held. */
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

/** Whether polls fail, by what the longest open poll shows. It has been open for `openMs`. */
export function provenBy(health: PollHealth, openMs: number): PollHealth {
  return health.failing !== undefined && openMs >= health.failing.provenAfterMs
    ? healthyPolls
    : health;
}

/**
 * How long a poll must be open to show that the failure is over. Some polls fail late: a connection
 * that is not made within 10 s, a name server that does not answer. The next poll must be open for
 * longer than that. If no poll gets a response at all, only a response shows that.
 */
function provenAfter(failure: PollFailure, openMs: number): number {
  if (failure === 'unanswered') return Infinity;
  return openMs < HELD_MS ? HELD_MS : openMs + HELD_MS;
}
