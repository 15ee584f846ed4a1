import type { Clock } from '../async/clock.js';
import { retry } from '../async/retry.js';
import { attemptsOf } from '../sfn/errors.js';
import type { Sfn } from '../sfn/api.js';
import type { Report } from './after-failure.js';
import { afterFailure } from './after-failure.js';
import type { DescribedResult } from './result.js';

const BACK_OFF = { firstMs: 250, longestMs: 15_000 };

/**
 * How a task ended for this source.
 *
 * `lost` means that AWS did not take the task's result from this source, as far as it knows.
 */
export type Settlement =
  | { outcome: 'succeeded'; attempts: number }
  | {
      outcome: 'failed';
      error: string;
      cause: string;
      /** The words for events and log lines. Absent if the words are the component's. */
      message?: string;
      attempts: number;
    }
  | { outcome: 'lost'; reason: TaskLostReason };

/**
 * How a task was lost.
 *
 * - `closed`: AWS had closed the task before its report.
 * - `unknown`: AWS had closed the task, perhaps by an earlier attempt whose response was lost.
 * - `abandoned`: The report was abandoned at stop.
 */
export type TaskLostReason = 'closed' | 'unknown' | 'abandoned';

export interface ReportOptions {
  /** Abandons the report at once, with any attempt under way. */
  abandonReports: AbortSignal;
  /**
   * Ends the waits between attempts, but no attempt under way. Aborts no later than
   * `abandonReports`.
   */
  stopRetrying: AbortSignal;
  /** An attempt failed for a passing reason. There will be another. */
  onTryFailed(error: unknown): void;
  clock: Clock;
}

/**
 * Reports a task's result until AWS takes it, the task is closed, or a signal aborts. Passing
 * failures are retried with jittered back-off, without a limit. `sfn` limits the time of each
 * attempt. Never rejects.
 */
export async function report(
  sfn: Sfn,
  token: string,
  result: DescribedResult,
  { abandonReports, stopRetrying, onTryFailed, clock }: ReportOptions,
): Promise<Settlement> {
  let current: Report = result;
  let attempts = 0;
  let mayHaveArrived = false;

  /** Sends it, or its replacement if AWS refuses it. Throws if it has to be sent again. */
  async function attempt(): Promise<Settlement> {
    for (;;) {
      try {
        attempts += await send(sfn, token, current, abandonReports);
        return settled(current, attempts);
      } catch (error) {
        const after = afterFailure(current, error);
        const tries = attemptsOf(error);
        attempts += tries;
        mayHaveArrived ||= after.mayHaveArrived || tries > 1;
        if (after.next === 'closed') return closed(mayHaveArrived);
        if (after.next === 'retry') {
          if (!abandonReports.aborted) onTryFailed(error);
          throw error;
        }
        current = after.report;
      }
    }
  }

  try {
    return await retry(stopRetrying, attempt, BACK_OFF, clock);
  } catch {
    // Only an abort of `stopRetrying` ends the attempts.
    return abandonReports.aborted
      ? { outcome: 'lost', reason: 'abandoned' }
      : closed(mayHaveArrived);
  }
}

function send(sfn: Sfn, token: string, report: Report, signal: AbortSignal): Promise<number> {
  if (report.outcome === 'success') return sfn.sendTaskSuccess(token, report.output, signal);
  const { error, cause } = report;
  const without = 'without' in report ? report.without : undefined;
  if (without === 'errorAndCause') return sfn.sendTaskFailure(token, {}, signal);
  return sfn.sendTaskFailure(token, without === 'cause' ? { error } : { error, cause }, signal);
}

function settled(report: Report, attempts: number): Settlement {
  if (report.outcome === 'success') return { outcome: 'succeeded', attempts };
  const { error, cause, message } = report;
  const failed = { outcome: 'failed' as const, error, cause, attempts };
  return message === undefined ? failed : { ...failed, message };
}

function closed(mayHaveArrived: boolean): Settlement {
  return { outcome: 'lost', reason: mayHaveArrived ? 'unknown' : 'closed' };
}
