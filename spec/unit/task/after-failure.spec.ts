import { describe, expect, it } from 'vitest';
import type { Report } from '../../../lib/task/after-failure.js';
import { afterFailure } from '../../../lib/task/after-failure.js';
import { awsError } from '../../support/fake-calls.js';

const reports = {
  success: { outcome: 'success', output: '1' },
  whole: { outcome: 'failure', error: 'E', cause: 'c' },
  withoutCause: { outcome: 'failure', error: 'E', cause: 'c', without: 'cause' },
  bare: { outcome: 'failure', error: 'E', cause: 'c', without: 'errorAndCause' },
} satisfies Record<string, Report>;

const errors: Record<string, Error> = {
  closed: awsError('TaskTimedOut'),
  throttled: awsError('ThrottlingException', { $metadata: { httpStatusCode: 400 } }),
  denied: awsError('AccessDeniedException', { $metadata: { httpStatusCode: 400 } }),
  'a 5xx': awsError('InternalFailure', { $metadata: { httpStatusCode: 500 } }),
  reset: awsError('Error', { code: 'ECONNRESET' }),
  'a foreign abort': awsError('AbortError'),
  validation: awsError('ValidationException', { $metadata: { httpStatusCode: 400 } }),
  serialization: awsError('SerializationException'),
  'invalid output': awsError('InvalidOutput'),
  'KMS denied': awsError('KmsAccessDeniedException'),
  'KMS disabled': awsError('KmsInvalidStateException'),
  'a 413 of a proxy': awsError('SyntaxError', { $metadata: { httpStatusCode: 413 } }),
  'a 413 that the SDK could not read': awsError('Error', { $response: { statusCode: 413 } }),
  'a login page': awsError('SyntaxError', { $metadata: { httpStatusCode: 302 } }),
  'a 403 of a proxy': awsError('SyntaxError', { $metadata: { httpStatusCode: 403 } }),
  'KMS throttled': awsError('KmsThrottlingException', { $metadata: { httpStatusCode: 400 } }),
};

type Next =
  | 'retry'
  | 'closed'
  | 'without cause'
  | 'bare'
  | 'OutputRefused'
  | 'OutputTooLarge'
  | 'InvalidOutput';

const table: [keyof typeof errors, Record<keyof typeof reports, Next>][] = [
  ['closed', { success: 'closed', whole: 'closed', withoutCause: 'closed', bare: 'closed' }],
  ['throttled', { success: 'retry', whole: 'retry', withoutCause: 'retry', bare: 'retry' }],
  ['denied', { success: 'retry', whole: 'retry', withoutCause: 'retry', bare: 'retry' }],
  ['a 5xx', { success: 'retry', whole: 'retry', withoutCause: 'retry', bare: 'retry' }],
  ['reset', { success: 'retry', whole: 'retry', withoutCause: 'retry', bare: 'retry' }],
  ['a foreign abort', { success: 'retry', whole: 'retry', withoutCause: 'retry', bare: 'retry' }],
  ['KMS throttled', { success: 'retry', whole: 'retry', withoutCause: 'retry', bare: 'retry' }],
  ['a login page', { success: 'retry', whole: 'retry', withoutCause: 'retry', bare: 'retry' }],
  ['a 403 of a proxy', { success: 'retry', whole: 'retry', withoutCause: 'retry', bare: 'retry' }],
  [
    'a 413 of a proxy',
    { success: 'OutputTooLarge', whole: 'without cause', withoutCause: 'bare', bare: 'retry' },
  ],
  [
    'a 413 that the SDK could not read',
    { success: 'OutputTooLarge', whole: 'without cause', withoutCause: 'bare', bare: 'retry' },
  ],
  [
    'validation',
    { success: 'OutputRefused', whole: 'without cause', withoutCause: 'bare', bare: 'closed' },
  ],
  [
    'serialization',
    { success: 'OutputRefused', whole: 'without cause', withoutCause: 'bare', bare: 'retry' },
  ],
  [
    'invalid output',
    { success: 'InvalidOutput', whole: 'without cause', withoutCause: 'bare', bare: 'retry' },
  ],
  ['KMS denied', { success: 'OutputRefused', whole: 'bare', withoutCause: 'bare', bare: 'retry' }],
  [
    'KMS disabled',
    { success: 'OutputRefused', whole: 'bare', withoutCause: 'bare', bare: 'retry' },
  ],
];

function nextOf(report: Report, error: unknown): Next {
  const after = afterFailure(report, error);
  if (after.next !== 'replace') return after.next;
  const replacement = after.report as Report & { outcome: 'failure'; without?: string };
  // Whatever is sent less, the task's own error stays known.
  if (report.outcome === 'failure')
    expect(replacement).toMatchObject(
      report === reports.whole ? report : { error: 'E', cause: 'c' },
    );
  if (replacement.without === 'cause') return 'without cause';
  if (replacement.without === 'errorAndCause') return 'bare';
  expect(replacement.message).toBe(replacement.cause);
  return replacement.error.replace('StepFuncSource.', '') as Next;
}

describe('afterFailure', () => {
  it.each(table)('T6, T7, T14: after %s', (error, expected) => {
    for (const [name, report] of Object.entries(reports)) {
      expect([name, nextOf(report, errors[error])]).toEqual([
        name,
        expected[name as keyof typeof reports],
      ]);
    }
  });

  it.each<[string, string]>([
    [
      'serialization',
      "Step Functions did not take the component's output: SerializationException.",
    ],
    [
      'a 413 of a proxy',
      "The component's output of 4 bytes did not reach Step Functions: something on the way answered with status 413 (Content Too Large).",
    ],
  ])('T6: after %s the failure says why the output was not taken', (error, cause) => {
    const output: Report = { outcome: 'success', output: '"é"' };
    expect(afterFailure(output, errors[error])).toMatchObject({ report: { cause } });
  });

  it('T7: knows whether the report may have arrived all the same', () => {
    const arrived = Object.keys(errors).filter(
      (name) => afterFailure(reports.success, errors[name]).mayHaveArrived,
    );
    expect(arrived).toEqual(['a 5xx', 'reset', 'a foreign abort']);
  });

  it('takes whatever is thrown', () => {
    for (const thrown of [undefined, null, 'text', 42, {}, Object.create(null)]) {
      expect(afterFailure(reports.success, thrown)).toEqual({
        next: 'retry',
        mayHaveArrived: true,
      });
    }
  });
});
