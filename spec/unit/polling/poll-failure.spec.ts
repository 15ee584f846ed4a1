import { describe, expect, it } from 'vitest';
import { classifyPollFailure } from '../../../lib/polling/poll-failure.js';

const error = (fields: object) => Object.assign(new Error('of the network'), fields);
const httpError = (httpStatusCode: number, name = 'Unknown') =>
  error({ name, $metadata: { httpStatusCode } });

/** What balancers, proxies and NAT gateways do to polls that are idle. */
const gateways: [string, unknown][] = [
  ['ECONNRESET', error({ code: 'ECONNRESET', syscall: 'read' })],
  ['EPIPE', error({ code: 'EPIPE', syscall: 'write' })],
  ['the other side that closed', error({ name: 'RequestTimeout', code: 'UND_ERR_SOCKET' })],
  ['a reset by the Node handler', error({ name: 'TimeoutError', code: 'ECONNRESET' })],
  ['fetch around it', new TypeError('fetch failed', { cause: error({ code: 'ECONNRESET' }) })],
  ['502', httpError(502)],
  ['503', httpError(503, 'ServiceUnavailable')],
  ['504', httpError(504)],
  [
    '502 in HTML',
    Object.assign(new SyntaxError('Unexpected token <'), { $response: { statusCode: 502 } }),
  ],
  [
    '504 in HTML, by the metadata',
    Object.assign(new SyntaxError('<'), { $metadata: { httpStatusCode: 504 } }),
  ],
];

const refusals: [string, unknown][] = [
  ['500', httpError(500)],
  ['500 without a body', httpError(500, 'Unknown')],
  ['505', httpError(505)],
  ['429', httpError(429, 'ThrottlingException')],
  ['400', httpError(400, 'AccessDeniedException')],
  ['408', httpError(408)],
  [
    '200 in HTML',
    Object.assign(new SyntaxError('Unexpected token <'), { $response: { statusCode: 200 } }),
  ],
  ['a refused connection', error({ code: 'ECONNREFUSED', syscall: 'connect' })],
  [
    'a connection not made in time',
    error({ name: 'TimeoutError', code: 'UND_ERR_CONNECT_TIMEOUT' }),
  ],
  ['a name server that is late', error({ code: 'EAI_AGAIN', syscall: 'getaddrinfo' })],
  ['a connect that timed out', error({ code: 'ETIMEDOUT', syscall: 'connect' })],
  ['what is no error', 'oh'],
];

const timeouts: [string, unknown][] = [
  ["the source's own bound", error({ name: 'TimeoutError' })],
  ["undici's bound", error({ name: 'TimeoutError', code: 'UND_ERR_HEADERS_TIMEOUT' })],
  ["undici's bound by its code alone", error({ code: 'UND_ERR_HEADERS_TIMEOUT' })],
  ['a read that the kernel gave up', error({ code: 'ETIMEDOUT', syscall: 'read' })],
  ["undici's bound of a body", error({ code: 'UND_ERR_BODY_TIMEOUT' })],
  ['a read that timed out', error({ name: 'TimeoutError', code: 'ETIMEDOUT', syscall: 'read' })],
];

describe('classifyPollFailure', () => {
  it.each(gateways)('P4: %s after 10 s of quiet is a cut, and sooner a failure', (_, thrown) => {
    const at = [0, 9_999, 10_000, 59_000].map((openMs) => classifyPollFailure(thrown, openMs));
    expect(at).toEqual(['failed', 'failed', 'cut', 'cut']);
  });

  it.each(refusals)('P4: %s is a failure however late it comes', (_, thrown) => {
    for (const openMs of [0, 59_000]) expect(classifyPollFailure(thrown, openMs)).toBe('failed');
  });

  it.each(timeouts)('P4: %s is no response at all', (_, thrown) => {
    expect(classifyPollFailure(thrown, 70_000)).toBe('unanswered');
  });
});
