import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../lib/async/clock.js';
import { systemClock } from '../../lib/async/clock.js';
import type { CredentialsRequestHandler } from '../../lib/sfn/request-handler.js';
import { createRequestHandler } from '../../lib/sfn/request-handler.js';
import type { Component, Handler } from '../support/integration/component.js';
import { echo, hang, startComponent } from '../support/integration/component.js';
import { fastClock } from '../support/integration/fast-clock.js';
import { until } from '../support/integration/until.js';

let handler: CredentialsRequestHandler;
let answer: Handler;
let sts: Component;

function openHandler(clock: Clock = systemClock): void {
  handler = createRequestHandler(clock);
  handler.open();
}

beforeEach(async () => {
  for (const name of ['HTTP_PROXY', 'http_proxy', 'NODE_USE_ENV_PROXY'])
    vi.stubEnv(name, undefined);
  answer = echo;
  sts = await startComponent((request, response) => answer(request, response));
  openHandler();
});
afterEach(async () => {
  handler.destroy();
  vi.unstubAllEnvs();
  await sts[Symbol.asyncDispose]();
});

type Request = Parameters<CredentialsRequestHandler['handle']>[0];

const send = (request: Partial<Request> = {}) =>
  handler.handle({
    protocol: 'http:',
    hostname: '127.0.0.1',
    port: Number(new URL(sts.url).port),
    method: 'POST',
    path: '/',
    headers: {},
    ...request,
  });

describe('a request for credentials', () => {
  it('goes out with its method, path, headers and body, and its response comes back', async () => {
    answer = (request, response) =>
      response.writeHead(201, { 'x-own': 'a' }).end(`${request.body} back`);
    const { response } = await send({
      method: 'PUT',
      path: '/token',
      headers: { 'x-sent': 'b' },
      body: 'é',
    });
    expect(sts.requests).toMatchObject([
      { method: 'PUT', path: '/token', headers: { 'x-sent': 'b' }, body: 'é' },
    ]);
    expect(response).toMatchObject({ statusCode: 201, headers: { 'x-own': 'a' } });
    expect(Buffer.from(response.body ?? []).toString()).toBe('é back');
  });

  it.each<[string, Request['query'], string]>([
    ['none', undefined, '/'],
    ['names without values', {}, '/'],
    ['values, encoded', { 'a b': 'c&d', e: 'é' }, '/?a%20b=c%26d&e=%C3%A9'],
    ['a name that has no value', { a: null }, '/?a'],
    ['a name with several values', { a: ['1', '2'], b: '3' }, '/?a=1&a=2&b=3'],
  ])('has the query: %s', async (_, query, path) => {
    await send({ method: 'GET', ...(query === undefined ? {} : { query }) });
    expect(sts.requests.map((request) => request.path)).toEqual([path]);
  });

  it('T13: ends after its time, under a name by which the SDK sends it again', async () => {
    handler.destroy();
    openHandler(fastClock(100));
    answer = hang;
    await expect(send()).rejects.toMatchObject({
      name: 'TimeoutError',
      message: `No response from ${sts.url} in time`,
    });
    await until(() => expect(sts.unanswered()).toBe(0));
  });

  it('rejects if the response has more than a megabyte, and closes its connection', async () => {
    answer = (_, response) => void response.write(Buffer.alloc(1_000_001));
    await expect(send()).rejects.toThrow(`More than 1000000 bytes from ${sts.url}`);
    await until(() => expect(sts.connections()).toBe(0));
  });

  it("rejects with the network's error", async () => {
    answer = (_, response) => response.socket?.resetAndDestroy();
    await expect(send()).rejects.toMatchObject({
      code: expect.stringMatching(/^(ECONNRESET|UND_ERR_SOCKET)$/) as string,
    });
  });
});

describe('S4: once no call waits for credentials', () => {
  it('requests under way end, and their connections close', async () => {
    answer = hang;
    const ended = expect(send()).rejects.toThrow();
    await until(() => expect(sts.unanswered()).toBe(1));
    handler.destroy();
    await ended;
    await until(() => expect(sts.connections()).toBe(0));
  });

  it('no other is sent, and the SDK does not try again', async () => {
    handler.destroy();
    await expect(send()).rejects.toMatchObject({ name: 'AbortError' });
    expect(sts.connectionsSoFar()).toBe(0);
  });

  it('the next source opens it again', async () => {
    handler.destroy();
    handler.open();
    handler.open();
    expect((await send({ body: 'x' })).response.statusCode).toBe(200);
  });
});
