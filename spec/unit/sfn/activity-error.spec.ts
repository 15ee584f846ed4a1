import { describe, expect, it } from 'vitest';
import { ActivityError } from '../../../lib/sfn/activity-error.js';
import { awsError } from '../../support/fake-calls.js';

const at = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });
const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

describe('ActivityError', () => {
  it.each<[string, unknown, string]>([
    ['no region', new Error('Region is missing'), 'Set AWS_REGION, '],
    ['an SDK that is too old', awsError('SdkError'), 'Update @aws-sdk/client-sfn'],
    [
      'a missing permission',
      awsError('AccessDeniedException', at(400)),
      'Allow the permission states:CreateActivity',
    ],
    ['a name that AWS refuses', awsError('InvalidName', at(400)), "Check the activity's name"],
    ['no credentials', awsError('CredentialsProviderError'), 'Check the credentials: '],
    [
      'a self-signed certificate',
      Object.assign(new Error('self-signed'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
      "Check the endpoint's certificate",
    ],
    ['a bug', new TypeError('x is not a function'), 'Check the region, the credentials'],
    ['no network', refused, 'Check the region, the credentials'],
  ])('says what to do about %s', (_, cause, advice) => {
    const error = new ActivityError('sum', cause);
    expect(error.message).toMatch(
      /^The ARN of activity 'sum' could not be had: CreateActivity ended in .+\. .+\.$/,
    );
    expect(error.message).toContain(`. ${advice}`);
    expect(error.cause).toBe(cause);
    expect(error.name).toBe('ActivityError');
  });

  it.each<[string, Error, string]>([
    ['names the error', awsError('InvalidName', { message: 'Bad' }), 'ended in InvalidName: Bad.'],
    [
      'does not repeat a name that the words have already',
      awsError('InvalidName', { message: 'InvalidName: Bad' }),
      'ended in InvalidName: Bad.',
    ],
    ['takes a system code for the name', refused, 'ended in connect ECONNREFUSED.'],
    [
      'T10: says nothing of what AWS quotes',
      awsError('ValidationException', { message: "Value 'SECRET' at 'name' is bad" }),
      "ended in ValidationException: Value '…' at 'name' is bad.",
    ],
  ])('%s', (_, cause, words) => {
    expect(new ActivityError('sum', cause).message).toContain(words);
  });

  it('says what was attempted, if that was another step', () => {
    expect(new ActivityError('sum', refused, 'the credentials').message).toContain(
      'could not be had: the credentials ended in ',
    );
  });
});
