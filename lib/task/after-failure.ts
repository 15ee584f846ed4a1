import { classifyAwsError, errorName, httpStatusOf } from '../sfn/errors.js';
import { ErrorName } from './error-name.js';
import type { DescribedResult } from './result.js';
import { ownFailure } from './result.js';

/**
 * What is sent of a task: its result, or the part of a failure that AWS has not refused. Events and
 * log lines have the task's own `error` and `cause` in either case.
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

/** Decides by the error's name and status: AWS may change the words of its messages. */
export function afterFailure(report: Report, error: unknown): AfterFailure {
  const kind = classifyAwsError(error);
  const mayHaveArrived = kind === 'indeterminate';
  if (kind === 'closed') return { next: 'closed', mayHaveArrived };
  if (kind !== 'refused') return { next: 'retry', mayHaveArrived };
  const fallback = fallbackReport(report, error);
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
function fallbackReport(report: Report, error: unknown): Report | undefined {
  if (report.outcome === 'success') return refusedOutput(report.output, error);
  const without = 'without' in report ? report.without : undefined;
  if (without === 'errorAndCause') return undefined;
  // A key that can't be used for the cause can't be used for the error name.
  return without === 'cause' || errorName(error).startsWith('Kms')
    ? { ...report, without: 'errorAndCause' }
    : { ...report, without: 'cause' };
}

function refusedOutput(output: string, error: unknown): DescribedResult {
  const refusal = errorName(error);
  if (httpStatusOf(error) === 413) {
    return ownFailure(
      ErrorName.OutputTooLarge,
      `The component's output of ${Buffer.byteLength(output)} bytes did not reach Step Functions: something on the way answered with status 413 (Content Too Large).`,
    );
  }
  const name = refusal === 'InvalidOutput' ? ErrorName.InvalidOutput : ErrorName.OutputRefused;
  return ownFailure(name, `Step Functions did not take the component's output: ${refusal}.`);
}
