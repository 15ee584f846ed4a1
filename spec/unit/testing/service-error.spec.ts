import { ActivityDoesNotExist, InvalidOutput, TaskTimedOut } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { metadata, ServiceError } from '../../../lib/testing/service-error.js';

describe('ServiceError', () => {
  it.each([
    ['ActivityDoesNotExist', ActivityDoesNotExist],
    ['InvalidOutput', InvalidOutput],
    ['TaskTimedOut', TaskTimedOut],
  ])("%s is an instance of the SDK's class of that name alone", (name, SdkClass) => {
    const error = new ServiceError(name, 'm');
    expect(error).toBeInstanceOf(SdkClass);
    expect(new ServiceError('InvalidArn', 'm')).not.toBeInstanceOf(SdkClass);
  });

  it.each([
    [undefined, 'client', 400],
    [403, 'client', 403],
    [499, 'client', 499],
    [500, 'server', 500],
    [503, 'server', 503],
  ])('of status %s is the fault of the %s', (status, $fault, httpStatusCode) => {
    const error = new ServiceError('Any', 'm', status);
    expect(error).toMatchObject({ $fault, $metadata: { httpStatusCode, attempts: 1 } });
    expect(error.$metadata.requestId).toMatch(/^[\da-f-]{36}$/);
  });

  it.each([
    ['TaskTimedOut', 'com.amazonaws.swf.service.v2.model#TaskTimedOut'],
    ['KmsThrottlingException', 'com.amazonaws.swf.service.v2.model#KmsThrottlingException'],
    ['ValidationException', 'com.amazon.coral.validate#ValidationException'],
    ['ThrottlingException', 'com.amazon.coral.availability#ThrottlingException'],
    ['AccessDeniedException', 'com.amazon.coral.service#AccessDeniedException'],
  ])('%s has the namespace of the part of AWS that raises it', (name, type) => {
    expect(new ServiceError(name, 'm').__type).toBe(type);
  });
});

describe('metadata', () => {
  it('leaves out what an error without a response does not have', () => {
    expect(metadata()).toStrictEqual({ attempts: 1, totalRetryDelay: 0 });
    expect(metadata(502)).toStrictEqual({
      httpStatusCode: 502,
      attempts: 1,
      totalRetryDelay: 0,
    });
  });
});
