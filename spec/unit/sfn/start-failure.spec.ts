import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StartFailureKind } from '../../../lib/sfn/start-failure.js';
import { canPass, startFailureKind } from '../../../lib/sfn/start-failure.js';
import { awsError } from '../../support/fake-calls.js';

const at = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });
const withCode = (code: string, message = code) => Object.assign(new Error(message), { code });

describe('startFailureKind', () => {
  it.each<[string, unknown, StartFailureKind]>([
    ['no region', new Error('Region is missing'), 'region'],
    ['an older SDK', awsError('SdkError'), 'sdk'],
    ['access denied', awsError('AccessDeniedException', at(400)), 'permission'],
    ['a bad name', awsError('InvalidName', at(400)), 'activity'],
    ['another encryption', awsError('ActivityAlreadyExists', at(400)), 'activity'],
    ['a self-signed certificate', withCode('SELF_SIGNED_CERT_IN_CHAIN'), 'certificate'],
    ['an operation that is not known', awsError('UnknownOperationException', at(400)), 'other'],
    ['a URL that is none', Object.assign(new TypeError('u'), { code: 'ERR_INVALID_URL' }), 'other'],
    ['a bug', new TypeError('undefined is not a function'), 'other'],
    ['no credentials', awsError('CredentialsProviderError'), 'credentials'],
    ['expired credentials', awsError('ExpiredTokenException', at(400)), 'credentials'],
    ['unknown credentials', awsError('UnrecognizedClientException', at(400)), 'credentials'],
    ['throttling', awsError('ThrottlingException', at(400)), 'passing'],
    ['too many requests', awsError('Whatever', at(429)), 'passing'],
    ['a 503', awsError('ServiceUnavailable', at(503)), 'passing'],
    ["a proxy's HTML with 403", awsError('SyntaxError', at(403)), 'passing'],
    ['no network', withCode('ENETUNREACH'), 'passing'],
    ['a host that is not known yet', withCode('EAI_AGAIN'), 'passing'],
    ['refused', withCode('ECONNREFUSED'), 'passing'],
    [
      'refused, by fetch',
      new TypeError('fetch failed', { cause: withCode('ECONNREFUSED') }),
      'passing',
    ],
    ['a timeout', awsError('TimeoutError'), 'passing'],
    ['a certificate that is not valid yet', withCode('CERT_NOT_YET_VALID'), 'passing'],
  ])('%s', (_, error, kind) => {
    expect(startFailureKind(error)).toBe(kind);
    expect(canPass(error)).toBe(kind === 'passing' || kind === 'credentials');
  });

  it('has an answer for whatever was thrown', () => {
    fc.assert(fc.property(fc.anything(), (thrown) => void canPass(thrown)));
  });
});
