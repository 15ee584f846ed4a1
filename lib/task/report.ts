import { retry } from 'abort-controller-x';
import { attemptsOf, errorName, classifyAwsError } from '../sfn/errors.js';
import { withTimeout } from '../async/timeout.js';
import { ErrorName } from './error-name.js';
import type { TaskResult } from './result.js';
import { failure } from './result.js';
import type { Sfn } from '../sfn/api.js';

/** One try, the client's own retries included; an answer later than this counts as none. */
const TRY_TIMEOUT_MS = 60_000;
const BACK_OFF = { baseMs: 250, maxDelayMs: 15_000 };

/**
 * How a task ended for this source.
 *
 * `lost` is a task whose result AWS did not take from us, as far as we know: `closed` (AWS had
 * closed it before), `unknown` (the same answer, but an earlier report may have arrived and be what
 * closed it), `abandoned` (given up at stop).
 */
export type Settlement =
  | { outcome: 'succeeded'; attempts: number }
  | { outcome: 'failed'; error: string; attempts: number }
  | { outcome: 'lost'; reason: TaskLostReason };

/** How a task was lost: `closed` before its report, `unknown`, or `abandoned` at stop. */
export type TaskLostReason = 'closed' | 'unknown' | 'abandoned';

/** What the next try sends. A bare failure has no error and no cause: AWS takes it without KMS. */
type Report = TaskResult | { outcome: 'emptyFailure'; error: string };

export interface ReportOptions {
  /** Gives the task up at once, a try under way too. */
  abandonReports: AbortSignal;
  /** Ends the waiting between tries, and lets a try under way come back. Aborts no later than `abandonReports`. */
  stopRetrying: AbortSignal;
  /** A try failed for a passing reason; there will be another. */
  onTryFailed(error: unknown): void;
}

/**
 * Reports a task's result until AWS has taken it, or the task is no longer ours, or a signal ends
 * it. Passing trouble is retried with jittered back-off, for as long as it lasts. Never rejects.
 */
export async function report(
  sfn: Sfn,
  token: string,
  result: TaskResult,
  { abandonReports, stopRetrying, onTryFailed }: ReportOptions,
): Promise<Settlement> {
  let current: Report = result;
  let attempts = 0;
  let mayHaveArrived = false;
  const closed = (): Settlement => ({
    outcome: 'lost',
    reason: mayHaveArrived ? 'unknown' : 'closed',
  });

  const tryOnce = async (): Promise<Settlement> => {
    try {
      attempts += await withTimeout(abandonReports, TRY_TIMEOUT_MS, (signal) =>
        send(sfn, token, current, signal),
      );
      return settled(current, attempts);
    } catch (error) {
      const tries = attemptsOf(error);
      attempts += tries;
      const meaning = classifyAwsError(error);
      mayHaveArrived ||= meaning === 'indeterminate' || tries > 1;
      if (meaning === 'closed') return closed();
      if (meaning === 'refused') {
        if (current.outcome !== 'emptyFailure') {
          current = fallbackReport(current, error);
          return tryOnce();
        }
        // Nothing is left to object to but the token, or a key that may be enabled again.
        if (errorName(error) === 'ValidationException') return closed();
      }
      if (!abandonReports.aborted) onTryFailed(error);
      throw new ReportFailed(error);
    }
  };

  try {
    return await retry(stopRetrying, tryOnce, BACK_OFF);
  } catch {
    return abandonReports.aborted ? { outcome: 'lost', reason: 'abandoned' } : closed();
  }
}

/** Wraps what a client threw: were its name AbortError, `retry` would take it for our own abort. */
class ReportFailed extends Error {
  constructor(cause: unknown) {
    super('The report did not get through', { cause });
  }
}

function send(sfn: Sfn, token: string, current: Report, signal: AbortSignal): Promise<number> {
  switch (current.outcome) {
    case 'success':
      return sfn.sendTaskSuccess(token, current.output, signal);
    case 'failure':
      return sfn.sendTaskFailure(token, { error: current.error, cause: current.cause }, signal);
    case 'emptyFailure':
      return sfn.sendTaskFailure(token, {}, signal);
  }
}

function settled(current: Report, attempts: number): Settlement {
  return current.outcome === 'success'
    ? { outcome: 'succeeded', attempts }
    : { outcome: 'failed', error: current.error, attempts };
}

/** What to report in place of something that AWS will never take. */
function fallbackReport(refused: TaskResult, error: unknown): Report {
  if (refused.outcome === 'failure') return { outcome: 'emptyFailure', error: refused.error };
  const why = errorName(error);
  const name = why === 'InvalidOutput' ? ErrorName.InvalidOutput : ErrorName.OutputRefused;
  return failure(name, `Step Functions did not take the component's output: ${why}.`);
}
