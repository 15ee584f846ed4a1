import { connectionClosed, neverConnected } from '../net/connection-error.js';
import { getProperty } from '../common/property.js';
import { httpStatusOf } from '../sfn/errors.js';

/**
 * What a failed poll says of Step Functions.
 *
 * - `cut`: Nothing. A balancer, proxy or NAT gateway has ended a poll that was idle. The poll was
 *   quiet for 10 s, and was then closed, or answered with 502, 503 or 504.
 * - `unanswered`: There was no response within a poll's time limit. Until then, an endpoint that
 *   never responds looks like one that holds the poll.
 * - `failed`: Anything else.
 */
export type PollFailure = 'cut' | 'unanswered' | 'failed';

/** A poll that was quiet for so long was held. Other failures come sooner. */
const QUIET_MS = 10_000;

const GATEWAY_STATUS: ReadonlySet<unknown> = new Set([502, 503, 504]);

/** Names and codes of timeouts: the source's, undici's, and the SDK's. */
const TIMEOUTS: ReadonlySet<unknown> = new Set([
  'TimeoutError',
  'ETIMEDOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

/** Which kind of failure it is. `openMs`: how long the poll was open. */
export function classifyPollFailure(error: unknown, openMs: number): PollFailure {
  if (neverConnected(error)) return 'failed';
  // The code comes first: the SDK's Node handler calls a closed connection a TimeoutError.
  const isGateway = connectionClosed(error) || GATEWAY_STATUS.has(httpStatusOf(error));
  if (isGateway) return openMs >= QUIET_MS ? 'cut' : 'failed';
  const isTimeout =
    TIMEOUTS.has(getProperty(error, 'name')) || TIMEOUTS.has(getProperty(error, 'code'));
  return isTimeout ? 'unanswered' : 'failed';
}
