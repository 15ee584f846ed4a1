import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import type { Reply } from '../../../lib/testing/reply.js';
import { ServiceError } from '../../../lib/testing/service-error.js';
import { operationIn, send } from '../../../lib/testing/wire.js';

const good = {
  method: 'POST',
  url: '/',
  headers: {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'AWSStepFunctions.SendTaskSuccess',
    authorization: 'AWS4-HMAC-SHA256 Credential=test',
  },
};
const read = (request: object, body = '{}') => operationIn(request as IncomingMessage, body);
const withHeader = (name: string, value: string | undefined) => ({
  ...good,
  headers: { ...good.headers, [name]: value },
});

describe('operationIn', () => {
  it.each([
    'CreateActivity',
    'GetActivityTask',
    'SendTaskSuccess',
    'SendTaskFailure',
    'SendTaskHeartbeat',
  ])('reads %s and its input', (name) => {
    const request = withHeader('x-amz-target', `AWSStepFunctions.${name}`);
    expect(read(request, '{"taskToken":"t"}')).toEqual({ name, input: { taskToken: 't' } });
  });

  it.each<[string, object, string]>([
    ['another method', { ...good, method: 'GET' }, 'UnknownOperationException'],
    ['another path', { ...good, url: '/health' }, 'UnknownOperationException'],
    ['no content type', withHeader('content-type', undefined), 'UnknownOperationException'],
    ['plain JSON', withHeader('content-type', 'application/json'), 'UnknownOperationException'],
    [
      'an operation that is none of an activity worker',
      withHeader('x-amz-target', 'AWSStepFunctions.ListActivities'),
      'UnknownOperationException',
    ],
    [
      'a name that every object has',
      withHeader('x-amz-target', 'AWSStepFunctions.toString'),
      'UnknownOperationException',
    ],
    ['no signature', withHeader('authorization', undefined), 'MissingAuthenticationTokenException'],
    [
      'another kind of signature',
      withHeader('authorization', 'Bearer x'),
      'MissingAuthenticationTokenException',
    ],
  ])('refuses %s', (_, request, name) => {
    expect(() => read(request)).toThrow(expect.objectContaining({ name }) as Error);
  });

  it.each(['', '{"a":', '[]', 'null', '"text"', '7'])('refuses the body %s', (body) => {
    expect(() => read(good, body)).toThrow(
      expect.objectContaining({ name: 'SerializationException' }) as Error,
    );
  });
});

/** What a reply becomes: status, headers and body, or a connection that is reset. */
function sent(reply: Reply) {
  const end = vi.fn();
  const resetAndDestroy = vi.fn();
  const writeHead = vi.fn<(status: number, headers: object) => object>(() => ({ end }));
  send({ writeHead, socket: { resetAndDestroy } } as unknown as ServerResponse, reply);
  const [status, headers] = writeHead.mock.calls[0] ?? [];
  const [body] = (end.mock.calls[0] ?? []) as [string?];
  return { status, headers, body, wasReset: resetAndDestroy.mock.calls.length > 0 };
}

describe('send', () => {
  it('an answer is JSON, its length in bytes, its dates in seconds', () => {
    const body = { creationDate: new Date(1_500), name: 'é' };
    expect(sent({ kind: 'answer', body })).toEqual({
      status: 200,
      headers: {
        'x-amzn-requestid': expect.stringMatching(/^[\da-f-]{36}$/) as string,
        'content-type': 'application/x-amz-json-1.0',
        'content-length': Buffer.byteLength('{"creationDate":1.5,"name":"é"}'),
      },
      body: '{"creationDate":1.5,"name":"é"}',
      wasReset: false,
    });
  });

  it('an error has its type, its words, its status and its request id', () => {
    const error = new ServiceError('ThrottlingException', 'Rate exceeded', 429);
    expect(sent({ kind: 'error', error })).toMatchObject({
      status: 429,
      headers: { 'x-amzn-requestid': error.$metadata.requestId },
      body: '{"__type":"com.amazon.coral.availability#ThrottlingException","message":"Rate exceeded"}',
    });
  });

  it('faults look as those of a balancer and of a broken network', () => {
    expect(sent({ kind: 'html502' })).toMatchObject({
      status: 502,
      headers: { 'content-type': 'text/html' },
      body: expect.stringContaining('<h1>502 Bad Gateway</h1>') as string,
    });
    expect(sent({ kind: 'empty500' })).toMatchObject({ status: 500, body: undefined });
    expect(sent({ kind: 'reset' })).toEqual({
      status: undefined,
      headers: undefined,
      body: undefined,
      wasReset: true,
    });
  });
});
