import { connectionClosed, neverConnected } from '../net/connection-error.js';
import { getProperty } from '../common/property.js';

/**
 * What a failed poll tells of Step Functions:
 *
 * - `cut`: nothing. Something on the way has ended a poll that was idle, as balancers, proxies and NAT
 *   gateways do: it was quiet for 10 s, then closed, or answered with 502, 503 or 504.
 * - `unanswered`: nobody answered for as long as a poll may take. An endpoint that accepts polls and
 *   never answers looks like a good one until then.
 * - `failed`: anything else.
 */
export type PollFailure = 'cut' | 'unanswered' | 'failed';

/** Quiet for so long, a poll was held: what fails by itself fails sooner. */
const QUIET_MS = 10_000;

const GATEWAY_STATUS: ReadonlySet<unknown> = new Set([502, 503, 504]);

/** Names and codes of a bound in time: the source's own, undici's, and the SDK's. */
const TIMEOUTS: ReadonlySet<unknown> = new Set([
  'TimeoutError',
  'ETIMEDOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

/** Tells the kinds of failure apart. `openMs`: how long the poll was open. */
export function classifyPollFailure(error: unknown, openMs: number): PollFailure {
  if (neverConnected(error)) return 'failed';
  // By the code first: the SDK's Node handler calls a closed connection a TimeoutError.
  const isGateway = connectionClosed(error) || GATEWAY_STATUS.has(statusOf(error));
  if (isGateway) return openMs >= QUIET_MS ? 'cut' : 'failed';
  const isTimeout =
    TIMEOUTS.has(getProperty(error, 'name')) || TIMEOUTS.has(getProperty(error, 'code'));
  return isTimeout ? 'unanswered' : 'failed';
}

/** The response's status, of errors that the SDK makes of responses it can't read too. */
function statusOf(error: unknown): unknown {
  return (
    getProperty(getProperty(error, '$metadata'), 'httpStatusCode') ??
    getProperty(getProperty(error, '$response'), 'statusCode')
  );
}
