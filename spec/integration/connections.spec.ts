import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../lib/async/clock.js';
import { systemClock } from '../../lib/async/clock.js';
import type { ClosableConnections, ConnectionOptions } from '../../lib/net/connections.js';
import { createConnections } from '../../lib/net/connections.js';
import { post } from '../../lib/net/post.js';
import { until } from '../support/integration/until.js';

interface Received {
  /** The connection by which it came, and the port of its other end. */
  socket: Socket;
  port: number | undefined;
  response: ServerResponse;
}
let requests: Received[];
let hold: boolean;
const server = createServer((request: IncomingMessage, response) => {
  request.resume();
  const { socket } = request;
  requests.push({ socket, port: socket.remotePort, response });
  if (!hold) response.end('ok');
});
let connections: ClosableConnections;
let now: number;
const clock: Clock = { ...systemClock, monotonic: () => now };

beforeEach(async () => {
  requests = [];
  hold = false;
  now = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  connections.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function open(options?: ConnectionOptions): ClosableConnections {
  connections = createConnections(options);
  return connections;
}

function send() {
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const request = { origin, path: '/', headers: {}, body: '1' };
  return post(connections, request, new AbortController().signal, Infinity);
}

const ports = () => requests.map(({ port }) => port);
const count = () =>
  new Promise<number>((resolve) => server.getConnections((_, open) => resolve(open)));

/** Opens as many connections. */
async function openAtOnce(many: number): Promise<void> {
  hold = true;
  const sent = Array.from({ length: many }, send);
  await until(() => expect(requests).toHaveLength(many));
  for (const { response } of requests) response.end('ok');
  await Promise.all(sent);
  // A connection gets a request again after a turn of the loop.
  await setImmediate();
  hold = false;
}

it('opens a connection for each request at a time, and then uses the last', async () => {
  open();
  await openAtOnce(5);
  expect(new Set(ports()).size).toBe(5);
  requests = [];
  for (let i = 0; i < 10; i++) await send();
  // A request that follows at once takes another: the loop has not read from the first.
  expect(new Set(ports()).size).toBeLessThanOrEqual(2);
});

it('gives no request to a connection that is too old, and closes it', async () => {
  open({ maxAge: { ms: 1_000, clock } });
  await openAtOnce(3);
  now = 1_000;
  await send();
  await setImmediate();
  expect(ports().slice(0, 3)).toContain(ports()[3]);
  now = 1_001;
  await send();
  expect(ports().slice(0, 4)).not.toContain(ports()[4]);
  await until(async () => expect(await count()).toBe(1));
});

it('close() closes idle connections at once, and one in use after its response', async () => {
  open();
  await openAtOnce(2);
  hold = true;
  const sent = send();
  await until(() => expect(requests).toHaveLength(3));
  const closed = connections.close();
  await until(async () => expect(await count()).toBe(1));
  await expect(send()).rejects.toThrow('The client is destroyed');
  requests[2]?.response.end('late');
  expect((await sent).body.toString()).toBe('late');
  await closed;
  await until(async () => expect(await count()).toBe(0));
});

it('close() lets a request go on whose connection is just being made, and may be called again', async () => {
  open();
  const sent = send();
  const closed = [connections.close(), connections.close()];
  expect((await sent).body.toString()).toBe('ok');
  await Promise.all([...closed, closed[0]?.then(() => connections.close())]);
  await until(async () => expect(await count()).toBe(0));
});

it('gives the error of a request that comes after close() to its handler', async () => {
  open();
  await connections.close();
  const errors: Error[] = [];
  connections.dispatch(
    { origin: 'http://127.0.0.1', path: '/', method: 'POST' },
    { onRequestStart: () => undefined, onResponseError: (_, error) => errors.push(error) },
  );
  expect(errors).toMatchObject([{ message: 'The client is destroyed' }]);
});

it('destroy() ends a request whose connection is just being made', async () => {
  open();
  const sent = expect(send()).rejects.toThrow('The client is destroyed');
  connections.destroy();
  await sent;
});

it('destroy() ends requests under way', async () => {
  open();
  hold = true;
  const sent = send();
  await until(() => expect(requests).toHaveLength(1));
  connections.destroy();
  await expect(sent).rejects.toThrow('The client is destroyed');
});

it('opens another connection after one that the other side has closed', async () => {
  open();
  await send();
  server.closeIdleConnections();
  await until(async () => expect(await count()).toBe(0));
  // The end of the connection may still be on its way here.
  await until(async () => expect((await send()).body.toString()).toBe('ok'));
  expect(new Set(ports()).size).toBe(2);
});

describe('a component that closes, or sends more, just after its response', () => {
  /** Resolves to the bodies of two responses. The second request follows at once. */
  async function sendTwo(meanwhile: (socket: Socket | undefined) => void): Promise<string[]> {
    const first = await send();
    meanwhile(requests[0]?.socket);
    const second = await send();
    return [first.body.toString(), second.body.toString()];
  }

  it('gets the next request by another connection if it has closed this one', async () => {
    open();
    expect(await sendTwo((socket) => socket?.destroy())).toEqual(['ok', 'ok']);
    expect(new Set(ports()).size).toBe(2);
  });

  it('has none of the surplus taken for the next response', async () => {
    open();
    const surplus = 'HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nsurplus';
    expect(await sendTwo((socket) => socket?.write(surplus))).toEqual(['ok', 'ok']);
    expect(new Set(ports()).size).toBe(2);
  });
});
