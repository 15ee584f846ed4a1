import { describe, expect, it } from 'vitest';
import type { Reply } from '../../../lib/testing/reply.js';
import { asSdkWould, sdkAbortError } from '../../../lib/testing/sdk-shape.js';
import { ServiceError } from '../../../lib/testing/service-error.js';

describe('asSdkWould', () => {
  it('returns an answer, with metadata, and without what is null on the wire', () => {
    const body = { taskToken: null, input: '', activityArn: 'arn' };
    expect(asSdkWould({ kind: 'answer', body })).toStrictEqual({
      input: '',
      activityArn: 'arn',
      $metadata: {
        httpStatusCode: 200,
        requestId: expect.stringMatching(/^[\da-f-]{36}$/) as string,
        attempts: 1,
        totalRetryDelay: 0,
      },
    });
  });

  const error = new ServiceError('TaskTimedOut', 'm');
  it.each<[Reply, object]>([
    [{ kind: 'error', error }, error],
    [
      { kind: 'html502' },
      {
        name: 'SyntaxError',
        message: expect.stringContaining('JSON') as string,
        $metadata: { httpStatusCode: 502 },
      },
    ],
    [
      { kind: 'empty500' },
      { name: 'Unknown', $fault: 'server', $metadata: { httpStatusCode: 500 } },
    ],
    [{ kind: 'reset' }, { name: 'Error', code: 'ECONNRESET', syscall: 'read' }],
  ])('throws what the SDK would at %j', (reply, expected) => {
    let thrown: unknown;
    try {
      asSdkWould(reply);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Error);
    expect(thrown).toMatchObject(expected);
  });

  it('an error without a response has no status and no request id', () => {
    try {
      asSdkWould({ kind: 'reset' });
    } catch (error) {
      expect(error).toHaveProperty('$metadata', { attempts: 1, totalRetryDelay: 0 });
    }
    expect.assertions(1);
  });
});

it('sdkAbortError carries the reason of the signal', () => {
  const reason = new Error('stop');
  expect(sdkAbortError(AbortSignal.abort(reason))).toMatchObject({
    name: 'AbortError',
    message: 'Request aborted',
    cause: reason,
  });
});
