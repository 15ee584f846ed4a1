import { classifyAwsError, errorName } from '../sfn/errors.js';
import { ErrorName } from './error-name.js';
import type { DescribedResult } from './result.js';
import { ownFailure } from './result.js';

/**
 * What is sent of a task: its result, or the part of a failure that AWS has not refused. `error`
 * and `cause` are the task's in either case, for events and log lines.
 */
export type Report =
  | DescribedResult
  | (DescribedFailure & { without: 'cause' })
  /** AWS takes a failure without error and cause, even if it can't use the activity's KMS key. */
  | (DescribedFailure & { without: 'errorAndCause' });

type DescribedFailure = DescribedResult & { outcome: 'failure' };

/** What to do after a failed report: send it again later, send another at once, or stop. */
export type AfterFailure =
  | { next: 'retry'; mayHaveArrived: boolean }
  | { next: 'replace'; report: Report; mayHaveArrived: boolean }
  | { next: 'closed'; mayHaveArrived: boolean };

/** Decides by the error's name: AWS may change the words of its messages. */
export function afterFailure(report: Report, error: unknown): AfterFailure {
  const kind = classifyAwsError(error);
  const mayHaveArrived = kind === 'indeterminate';
  if (kind === 'closed') return { next: 'closed', mayHaveArrived };
  if (kind !== 'refused') return { next: 'retry', mayHaveArrived };
  const fallback = fallbackReport(report, errorName(error));
  if (fallback !== undefined) return { next: 'replace', report: fallback, mayHaveArrived };
  // The report has nothing left that AWS could refuse, except the token, or a key that may be
  // enabled again.
  const next = errorName(error) === 'ValidationException' ? 'closed' : 'retry';
  return { next, mayHaveArrived };
}

/**
 * What AWS may take in place of a refused report. It drops the cause first, and the error name
 * last.
 */
function fallbackReport(report: Report, refusal: string): Report | undefined {
  if (report.outcome === 'success') return refusedOutput(refusal);
  const without = 'without' in report ? report.without : undefined;
  if (without === 'errorAndCause') return undefined;
  // A key that can't be used for the cause can't be used for the error name.
  return without === 'cause' || refusal.startsWith('Kms')
    ? { ...report, without: 'errorAndCause' }
    : { ...report, without: 'cause' };
}

function refusedOutput(refusal: string): DescribedResult {
  const name = refusal === 'InvalidOutput' ? ErrorName.InvalidOutput : ErrorName.OutputRefused;
  return ownFailure(name, `Step Functions did not take the component's output: ${refusal}.`);
}
