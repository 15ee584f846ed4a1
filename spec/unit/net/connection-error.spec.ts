import { describe, expect, it } from 'vitest';
import { connectionClosed, neverConnected } from '../../../lib/net/connection-error.js';

const error = (fields: object, message = 'of the network') =>
  Object.assign(new Error(message), fields);
const connect = (code: string) => error({ code, syscall: 'connect', errno: -1 });
const fetchFailed = (cause: unknown) => new TypeError('fetch failed', { cause });

/** As of a client that tried each address of a name. */
const together = (...errors: Error[]) =>
  Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' });

const never: [string, unknown][] = [
  ...['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'EHOSTDOWN', 'ETIMEDOUT'].map(
    (code): [string, unknown] => [code, connect(code)],
  ),
  ['a socket file that is not there', error({ code: 'ENOENT', syscall: 'connect' })],
  ['ENOTFOUND', error({ code: 'ENOTFOUND', syscall: 'getaddrinfo' })],
  ['EAI_AGAIN', error({ code: 'EAI_AGAIN', syscall: 'getaddrinfo' })],
  ['a name server that is late', error({ code: 'ETIMEOUT', syscall: 'queryA' })],
  ["undici's connect timeout", error({ code: 'UND_ERR_CONNECT_TIMEOUT' })],
  ["fetch's error around it", fetchFailed(connect('ECONNREFUSED'))],
  ['errors around errors', new Error('b', { cause: fetchFailed(connect('X')) })],
  ['every address refused', together(connect('ECONNREFUSED'), connect('ETIMEDOUT'))],
  [
    "fetch's error around every address",
    fetchFailed(together(connect('ECONNREFUSED'), connect('ENETUNREACH'))),
  ],
  [
    "axios's, which copies the code",
    error({ name: 'AxiosError', code: 'ECONNREFUSED', cause: connect('ECONNREFUSED') }),
  ],
  ["node-fetch's", error({ name: 'FetchError', type: 'system', code: 'ENOTFOUND' })],
  ["Bun's", error({ code: 'ConnectionRefused' })],
  [
    'closed before TLS was agreed on',
    error({ code: 'ECONNRESET', path: undefined, host: 'a.example', port: 443 }),
  ],
  [
    'closed before TLS was agreed on, of undici',
    error({ code: 'ECONNRESET', path: undefined, host: 'a.example', port: '443' }),
  ],
];

const closed: [string, unknown][] = [
  ['a reset', error({ code: 'ECONNRESET', syscall: 'read' })],
  ["a reset that the SDK's Node handler has named", error({ name: 'TimeoutError', code: 'EPIPE' })],
  ['a write to a connection that is closed', error({ code: 'EPIPE', syscall: 'write' })],
  ['a socket that hung up', error({ code: 'ECONNRESET' }, 'socket hang up')],
  ["undici's, of the other side", error({ code: 'UND_ERR_SOCKET' }, 'other side closed')],
  ["fetch's error around it", fetchFailed(error({ code: 'UND_ERR_SOCKET' }))],
  ['a body that ended too soon', error({ code: 'ERR_STREAM_PREMATURE_CLOSE' })],
  ['an HTTP/2 session that went away', error({ code: 'ERR_HTTP2_GOAWAY_SESSION' })],
];

const neither: [string, unknown][] = [
  ['a response that is late', error({ name: 'TimeoutError', code: 'ETIMEDOUT' })],
  ["undici's headers timeout", error({ code: 'UND_ERR_HEADERS_TIMEOUT' })],
  ['a connection that timed out while reading', error({ code: 'ETIMEDOUT', syscall: 'read' })],
  ['a certificate that has expired', error({ code: 'CERT_HAS_EXPIRED' })],
  ['an abort', error({ name: 'AbortError', code: 'ABORT_ERR' })],
  ['an error without a code', new Error('ECONNREFUSED ECONNRESET')],
  ['a text', 'ECONNREFUSED'],
  ['nothing', undefined],
  ['null', null],
];

describe('neverConnected', () => {
  it.each(never)('is true of %s', (_, thrown) => expect(neverConnected(thrown)).toBe(true));
  it.each([...closed, ...neither])('is false of %s', (_, thrown) =>
    expect(neverConnected(thrown)).toBe(false),
  );

  it('is false if one of several addresses was reached', () => {
    const reset = error({ code: 'ECONNRESET', syscall: 'read' });
    expect(neverConnected(together(connect('ECONNREFUSED'), reset))).toBe(false);
  });

  it('comes to an end with causes that go in a circle', () => {
    const circle = new Error('round');
    circle.cause = new Error('and round', { cause: circle });
    expect(neverConnected(circle)).toBe(false);
  });
});

describe('connectionClosed', () => {
  it.each(closed)('is true of %s', (_, thrown) => expect(connectionClosed(thrown)).toBe(true));
  it.each([...never, ...neither])('is false of %s', (_, thrown) =>
    expect(connectionClosed(thrown)).toBe(false),
  );
});
