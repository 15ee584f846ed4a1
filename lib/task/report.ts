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
 * `lost` is a task whose result AWS did not take from us, as far as we know.
 */
export type Settlement =
  | { outcome: 'succeeded'; attempts: number }
  | {
      outcome: 'failed';
      error: string;
      cause: string;
      /** What events and log lines may say of it; absent if the words are the component's. */
      message?: string;
      attempts: number;
    }
  | { outcome: 'lost'; reason: TaskLostReason };

/**
 * How a task was lost.
 *
 * - `closed`: AWS had closed it before its report
 * - `unknown`: the same response, but an earlier report may have arrived and be what closed it
 * - `abandoned`: its report was abandoned at stop
 */
export type TaskLostReason = 'closed' | 'unknown' | 'abandoned';

export interface ReportOptions {
  /** Abandons the report at once, an attempt under way too. */
  abandonReports: AbortSignal;
  /** Ends the waiting between attempts, and lets one under way end. Aborts no later than `abandonReports`. */
  stopRetrying: AbortSignal;
  /** An attempt failed for a passing reason; there will be another. */
  onTryFailed(error: unknown): void;
  clock: Clock;
}

/**
 * Reports a task's result until AWS has taken it, or the task is no longer ours, or a signal ends
 * it. After a passing failure it tries again, with jittered back-off, for as long as that lasts.
 * Each attempt is limited in time by `sfn`. Never rejects.
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

  /** Sends it, and what takes its place if AWS refuses it. Throws what it failed with if it is to be sent again. */
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
    // Nothing but an abort of `stopRetrying` ends the attempts.
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
