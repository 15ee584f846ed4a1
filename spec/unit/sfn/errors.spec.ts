import {
  ActivityWorkerLimitExceeded,
  InvalidArn,
  KmsThrottlingException,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AwsErrorClass } from '../../../lib/sfn/errors.js';
import {
  attemptsOf,
  classifyAwsError,
  errorName,
  httpStatusOf,
  isCredentialsError,
} from '../../../lib/sfn/errors.js';
import { awsError } from '../../support/fake-calls.js';

const refusedAt = (address: string) =>
  Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' });
const at = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });

/** What AWS answers with a 400, in the shape that the SDK gives it. */
const answered: [string, AwsErrorClass][] = [
  ['InvalidToken', 'closed'],
  ['TaskDoesNotExist', 'closed'],
  ['TaskTimedOut', 'closed'],
  ['InvalidOutput', 'refused'],
  ['SerializationException', 'refused'],
  ['ValidationException', 'refused'],
  ['KmsAccessDeniedException', 'refused'],
  ['KmsInvalidStateException', 'refused'],
  ['KmsThrottlingException', 'notDelivered'],
  ['ActivityDoesNotExist', 'activityNotFound'],
  ['ResourceNotFound', 'activityNotFound'],
  ['ActivityWorkerLimitExceeded', 'notDelivered'],
  ['ActivityLimitExceeded', 'notDelivered'],
  ['ActivityAlreadyExists', 'notDelivered'],
  ['InvalidArn', 'notDelivered'],
  ['InvalidName', 'notDelivered'],
  ['ThrottlingException', 'notDelivered'],
  ['AccessDeniedException', 'notDelivered'],
  ['ExpiredTokenException', 'notDelivered'],
  ['UnrecognizedClientException', 'notDelivered'],
];

/** What the SDK and its HTTP handlers throw where there was no proper answer. */
const unanswered: [string, Error, AwsErrorClass, string][] = [
  ['an HTML 502', awsError('SyntaxError', at(502)), 'indeterminate', 'SyntaxError'],
  ['an HTML 403', awsError('SyntaxError', at(403)), 'notDelivered', 'SyntaxError'],
  ['an answer that was cut off', awsError('SyntaxError', at(200)), 'indeterminate', 'SyntaxError'],
  ['an empty 500', awsError('Unknown', at(500)), 'indeterminate', 'Unknown'],
  ['a 503', awsError('ServiceUnavailable', at(503)), 'indeterminate', 'ServiceUnavailable'],
  [
    "Node's handler, connection reset",
    awsError('TimeoutError', { code: 'ECONNRESET' }),
    'indeterminate',
    'TimeoutError',
  ],
  [
    "Node's handler, request timed out",
    awsError('TimeoutError', { code: 'ETIMEDOUT' }),
    'indeterminate',
    'TimeoutError',
  ],
  [
    'a plain reset',
    Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }),
    'indeterminate',
    'ECONNRESET',
  ],
  [
    'a connection refused',
    Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
    'notDelivered',
    'ECONNREFUSED',
  ],
  [
    'a connection refused at every address',
    Object.assign(new AggregateError([refusedAt('::1'), refusedAt('127.0.0.1')]), {
      code: 'ECONNREFUSED',
    }),
    'notDelivered',
    'ECONNREFUSED',
  ],
  [
    'addresses of which one refuses and one says nothing',
    Object.assign(
      new AggregateError([
        refusedAt('::1'),
        Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT', syscall: 'connect' }),
      ]),
      { code: 'ETIMEDOUT' },
    ),
    'notDelivered',
    'ETIMEDOUT',
  ],
  [
    'no port left on this side',
    Object.assign(new Error('connect EADDRNOTAVAIL'), { code: 'EADDRNOTAVAIL' }),
    'notDelivered',
    'EADDRNOTAVAIL',
  ],
  [
    'a host that no route leads to',
    Object.assign(new Error('connect EHOSTUNREACH'), { code: 'EHOSTUNREACH' }),
    'notDelivered',
    'EHOSTUNREACH',
  ],
  [
    'a network that no route leads to',
    Object.assign(new Error('connect ENETUNREACH'), { code: 'ENETUNREACH' }),
    'notDelivered',
    'ENETUNREACH',
  ],
  [
    'a connect that the kernel gave up',
    Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT', syscall: 'connect' }),
    'notDelivered',
    'ETIMEDOUT',
  ],
  [
    'a read that the kernel gave up',
    Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT', syscall: 'read' }),
    'indeterminate',
    'ETIMEDOUT',
  ],
  [
    'a connect that was reset',
    Object.assign(new Error('connect ECONNRESET'), { code: 'ECONNRESET', syscall: 'connect' }),
    'notDelivered',
    'ECONNRESET',
  ],
  [
    'no credentials to sign with',
    awsError('CredentialsProviderError'),
    'notDelivered',
    'CredentialsProviderError',
  ],
  ['a redirect', awsError('Unknown', at(300)), 'notDelivered', 'Unknown'],
  ["a proxy's limit of the body", awsError('Unknown', at(413)), 'refused', 'Unknown'],
  [
    'a response that the SDK could not read',
    awsError('SyntaxError', { $response: { statusCode: 403 } }),
    'notDelivered',
    'SyntaxError',
  ],
  [
    'a host name that is none',
    Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }),
    'notDelivered',
    'ENOTFOUND',
  ],
  [
    'a resolver that is down',
    Object.assign(new Error('getaddrinfo'), { code: 'EAI_AGAIN' }),
    'notDelivered',
    'EAI_AGAIN',
  ],
  [
    'undici, no connection in time',
    awsError('TimeoutError', { code: 'UND_ERR_CONNECT_TIMEOUT' }),
    'notDelivered',
    'TimeoutError',
  ],
  [
    'undici, no headers in time',
    awsError('TimeoutError', { code: 'UND_ERR_HEADERS_TIMEOUT' }),
    'indeterminate',
    'TimeoutError',
  ],
  [
    'undici, no body in time',
    awsError('TimeoutError', { code: 'UND_ERR_BODY_TIMEOUT' }),
    'indeterminate',
    'TimeoutError',
  ],
  [
    'undici, socket closed by the other side',
    awsError('RequestTimeout', { code: 'UND_ERR_SOCKET' }),
    'indeterminate',
    'RequestTimeout',
  ],
  ['an abort', awsError('AbortError'), 'indeterminate', 'AbortError'],
  ['an error that says nothing', new Error('why?'), 'indeterminate', 'Error'],
];

describe('classifyAwsError', () => {
  it.each(answered)('T6, T7, P2: %s is %s', (name, meaning) => {
    expect(classifyAwsError(awsError(name, at(400)))).toBe(meaning);
  });

  it.each(unanswered)('T7: %s', (_, error, meaning) => {
    expect(classifyAwsError(error)).toBe(meaning);
  });

  it("T7: the SDK's own classes", () => {
    const fields = { message: 'm', $metadata: { httpStatusCode: 400 } };
    expect(classifyAwsError(new TaskTimedOut(fields))).toBe('closed');
    expect(classifyAwsError(new ActivityWorkerLimitExceeded(fields))).toBe('notDelivered');
    expect(classifyAwsError(new KmsThrottlingException(fields))).toBe('notDelivered');
    expect(classifyAwsError(new InvalidArn(fields))).toBe('notDelivered');
  });

  it('T7: goes by the name and never by the message', () => {
    const message = fc.oneof(fc.string(), fc.constantFrom(...answered.map(([name]) => name)));
    fc.assert(
      fc.property(message, fc.constantFrom(...answered), (text, [name, meaning]) => {
        expect(classifyAwsError(Object.assign(new Error(text), { name, ...at(400) }))).toBe(
          meaning,
        );
        expect(classifyAwsError(new Error(text))).toBe('indeterminate');
      }),
    );
  });

  it('has a meaning for whatever was thrown', () => {
    const meanings: AwsErrorClass[] = [
      'closed',
      'refused',
      'activityNotFound',
      'notDelivered',
      'indeterminate',
    ];
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        expect(meanings).toContain(classifyAwsError(thrown));
      }),
    );
  });
});

describe('httpStatusOf', () => {
  it.each([
    ['the status of a response that was read', at(400), 400],
    ['else that of one that was not', { $response: { statusCode: 502 } }, 502],
    ['none, if there was no response', {}, undefined],
    ['none, if it is no number', { $metadata: { httpStatusCode: '400' } }, undefined],
  ])('%s', (_, error, status) => expect(httpStatusOf(error)).toBe(status));
});

describe('isCredentialsError', () => {
  it.each([
    'AuthFailure',
    'ExpiredToken',
    'ExpiredTokenException',
    'IncompleteSignature',
    'IncompleteSignatureException',
    'InvalidAccessKeyId',
    'InvalidClientTokenId',
    'InvalidSignatureException',
    'MissingAuthenticationToken',
    'MissingAuthenticationTokenException',
    'RequestExpired',
    'SignatureDoesNotMatch',
    'TokenRefreshRequired',
    'UnrecognizedClientException',
  ])('other credentials may help against %s', (name) =>
    expect(isCredentialsError(awsError(name, at(403)))).toBe(true),
  );

  it.each(['AccessDeniedException', 'ThrottlingException', 'CredentialsProviderError', ''])(
    'they do not help against %j',
    (name) => expect(isCredentialsError(awsError(name, at(403)))).toBe(false),
  );
});

describe('errorName', () => {
  it.each([...answered.map(([name]) => [name, awsError(name, at(400)), name] as const)])(
    '%s by its name',
    (_, error, name) => expect(errorName(error)).toBe(name),
  );

  it.each(unanswered.map(([what, error, , name]) => [what, name, error] as const))(
    '%s: %s',
    (_, name, error) => expect(errorName(error)).toBe(name),
  );

  it.each([
    ['undefined', undefined, 'undefined'],
    ['null', null, 'object'],
    ['a string', 'a secret', 'string'],
    ['a plain object', { message: 'a secret' }, 'object'],
    ['a name that is empty', { name: '' }, 'object'],
    ['a name that is no string', { name: 42 }, 'object'],
    ['a plain object with a code', { code: 'E_CONN' }, 'E_CONN'],
    ['a code that is no string', Object.assign(new Error('m'), { code: 7 }), 'Error'],
    ['a code that is empty', Object.assign(new Error('m'), { code: '' }), 'Error'],
  ])('%s', (_, thrown, name) => expect(errorName(thrown)).toBe(name));

  it('T10: never says anything of the message, the cause or other fields', () => {
    const text = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(text, text, fc.anything(), (secret, otherSecret, rest) => {
        const one = Object.assign(new Error(secret, { cause: secret }), { $response: rest });
        const other = Object.assign(new Error(otherSecret), { input: secret });
        expect(errorName(one)).toBe('Error');
        expect(errorName(other)).toBe('Error');
        expect(errorName(awsError('TaskTimedOut', { message: secret }))).toBe('TaskTimedOut');
        expect(errorName(secret)).toBe('string');
      }),
    );
  });

  it('is a text that is not empty, whatever was thrown', () => {
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        const name = errorName(thrown);
        expect(typeof name).toBe('string');
        expect(name).not.toBe('');
      }),
    );
  });
});

describe('attemptsOf', () => {
  it.each([
    ['an answer', { $metadata: { attempts: 3 } }, 3],
    ['an error', awsError('TaskTimedOut', { $metadata: { attempts: 2 } }), 2],
    ['no metadata', {}, 1],
    ['metadata of null', { $metadata: null }, 1],
    ['no attempts', { $metadata: {} }, 1],
    ['none at all', { $metadata: { attempts: 0 } }, 1],
    ['NaN', { $metadata: { attempts: Number.NaN } }, 1],
    ['a text', { $metadata: { attempts: '2' } }, 1],
    ['one', { $metadata: { attempts: 1 } }, 1],
    ['undefined', undefined, 1],
    ['null', null, 1],
  ])('%s', (_, answerOrError, attempts) => expect(attemptsOf(answerOrError)).toBe(attempts));

  it('is 1 at least, whatever came', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (anything, attempts) => {
        expect(attemptsOf(anything)).toBeGreaterThanOrEqual(1);
        expect(attemptsOf({ $metadata: { attempts } })).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
