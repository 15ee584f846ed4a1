import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { SecureVersion } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { inOwnWords } from '../../../lib/common/own-words.js';
import { failedInvocation } from '../../../lib/task/failed-invocation.js';

const coded = (message: string, code: string, fields: object = {}) =>
  Object.assign(new Error(message), { code, ...fields });
const refused = () => coded('connect ECONNREFUSED 127.0.0.1:9', 'ECONNREFUSED');
const tlsOf = (version: string) => createSecureContext({ minVersion: version as SecureVersion });
const caught = (call: () => unknown): unknown => {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown');
};
const failureOf = (thrown: unknown, secrets: string[] = []) => {
  const { outcome, ...rest } = failedInvocation(thrown, secrets) as Record<string, string>;
  expect(outcome).toBe('failure');
  expect(rest['error']).toBe('StepFuncSource.InvokeFailed');
  return rest as { cause: string; message: string };
};

describe('failedInvocation', () => {
  it('T4: has the whole chain in the cause, the words of the network in the message', () => {
    const { cause, message } = failureOf(new TypeError('fetch failed', { cause: refused() }));
    expect(cause).toBe('TypeError: fetch failed <- Error: connect ECONNREFUSED 127.0.0.1:9');
    expect(message).toBe('Error: connect ECONNREFUSED 127.0.0.1:9');
  });

  it.each<[string, unknown]>([
    ['undici', coded('other side closed', 'UND_ERR_SOCKET', { name: 'SocketError' })],
    ['TLS', coded('self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT')],
    ['DNS', coded('getaddrinfo ENOTFOUND app', 'ENOTFOUND')],
    ['DNS servers', coded('queryA ESERVFAIL app', 'ESERVFAIL', { syscall: 'queryA' })],
    ['the system', coded('connect ENOENT /run/app', 'ENOENT', { syscall: 'connect' })],
    [
      'an HTTP parser',
      coded('Expected HTTP/', 'HPE_INVALID_CONSTANT', { name: 'HTTPParserError' }),
    ],
    ['ourselves', inOwnWords(new TypeError("invoke's response must have headers"))],
  ])('has the words of %s', (_, thrown) => {
    expect(failureOf(thrown).message).toBe(failureOf(thrown).cause);
  });

  it.each([
    'EPIPE',
    'ETIMEDOUT',
    'EPROTO',
    'EAI_AGAIN',
    'ERR_TLS_HANDSHAKE_TIMEOUT',
    'UND_ERR_SOCKET',
    'HPE_INVALID_CONSTANT',
    'Z_BUF_ERROR',
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_HTTP2_STREAM_ERROR',
    'ERR_STREAM_PREMATURE_CLOSE',
    'ERR_SOCKET_CLOSED',
  ])('has the words of an error of code %s', (code) => {
    expect(failureOf(coded('its words', code)).message).toBe(`Error: its words (${code})`);
  });

  it.each([
    'MY_EPIPE',
    'EPIPE: hunter2',
    'EX hunter2',
    'EVALIDATION',
    'ENOENT',
    'ERR_INVALID_ARG_TYPE',
    'ERR_SOCKET_BAD_PORT',
    'ERR_HTTP_INVALID_HEADER_VALUE',
    'ERR_HTTP2_INVALID_PSEUDOHEADER',
    'ERR_HTTP2_HEADER_SINGLE_VALUE',
    'ERR_HTTP2_UNSUPPORTED_PROTOCOL',
    'ERR_TLS_INVALID_PROTOCOL_VERSION',
    'MY_ERR_TLS_HANDSHAKE',
    ['EPIPE'],
    undefined,
  ])('T10: has no words of an error of code %j', (code) => {
    expect(failureOf(coded('hunter2', code as string)).message).toBe('invoke threw Error');
  });

  it.each<[string, () => unknown]>([
    ['a file that is not there', () => readFileSync('/hunter2')],
    ['a folder in place of a program', () => execFileSync('/tmp/', ['hunter2'])],
    ['no port', () => connect({ port: 'hunter2' as unknown as number })],
    ['a protocol of TLS that there is not', () => tlsOf('hunter2')],
    ['a method that there is not', () => request('http://127.0.0.1', { method: 'hunter 2' })],
  ])('T10: has no words of Node on what invoke gave it: %s', (_, call) => {
    const thrown = caught(call);
    expect(failureOf(thrown).cause).toMatch(/hunter ?2|\/tmp/);
    expect(failureOf(thrown).message).toMatch(/^invoke threw \w+$/);
  });

  it('has the words of each link of the network', () => {
    const thrown = coded('aborted', 'ERR_STREAM_PREMATURE_CLOSE', { cause: refused() });
    expect(failureOf(thrown).message).toBe(
      'Error: aborted (ERR_STREAM_PREMATURE_CLOSE) <- Error: connect ECONNREFUSED 127.0.0.1:9',
    );
  });

  it.each<[unknown, string]>([
    [new RangeError('no such customer: hunter2'), 'invoke threw RangeError'],
    [coded('duplicate key hunter2', '23505'), 'invoke threw Error'],
    [Object.assign(new Error('hunter2'), { name: 'bad name: hunter2' }), 'invoke threw an error'],
    ['hunter2', 'invoke threw a value of type string'],
    [undefined, 'invoke threw a value of type undefined'],
    [new Error('hunter2', { cause: refused() }), 'Error: connect ECONNREFUSED 127.0.0.1:9'],
    [
      inOwnWords(new Error('The function failed', { cause: new Error('hunter2') })),
      'Error: The function failed',
    ],
  ])('T10: emits nothing of what user code throws: %s', (thrown, message) => {
    expect(failureOf(thrown)).toHaveProperty('message', message);
    expect(failureOf(thrown).cause).toMatch(/hunter2|undefined/);
  });

  it('takes out the password of a URL, and what is quoted of token and input', () => {
    const url = 'http://worker:hunter2@app/step?key=hunter2';
    const input = '{"card":"4111 1111 1111 1111"}';
    for (const thrown of [
      new TypeError(`Request cannot be constructed from a URL that includes credentials: ${url}`),
      new TypeError('fetch failed', { cause: new TypeError(`Failed to parse URL from ${url}`) }),
      new Error(`Unexpected token, ..."":"4111 1111 1111 1111"}" is not valid JSON`),
      coded(`connect ECONNREFUSED ${url} ${input} the-task-token-of-AWS`, 'ECONNREFUSED'),
    ]) {
      const { cause, message } = failureOf(thrown, ['the-task-token-of-AWS', input]);
      expect(cause).toContain('…');
      expect(`${cause} ${message}`).not.toMatch(/hunter2|4111|task-token/);
    }
  });

  it.each(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])(
    "names the time limit that ends an invoke by Node's fetch: %s",
    (code) => {
      const timeout = coded('Headers Timeout Error', code, { name: 'HeadersTimeoutError' });
      const { cause, message } = failureOf(new TypeError('fetch failed', { cause: timeout }));
      for (const text of [cause, message]) {
        expect(text).toMatch(/300 s in Node's fetch.*httpInvoke/);
      }
      expect(failureOf(refused()).cause).not.toContain('300 s');
    },
  );

  it('T5: is cut to what AWS takes, its message to one line of 1,000 characters', () => {
    const { cause, message } = failureOf(coded(`EPIPE\n${'x'.repeat(40_000)}`, 'EPIPE'));
    expect(cause).toHaveLength(32_768);
    expect(message).toHaveLength(1_000);
    expect(message).not.toContain('\n');
  });
});
