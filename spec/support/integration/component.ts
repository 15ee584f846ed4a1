import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { ServerOptions } from 'node:https';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request, received whole. */
export interface ComponentRequest {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingHttpHeaders;
  /** Names and values in turn, as they came. */
  rawHeaders: string[];
  body: string;
}

export type Handler = (request: ComponentRequest, response: ServerResponse) => unknown;

/** An HTTP server of the kind that tasks are taken to. */
export interface Component extends AsyncDisposable {
  readonly url: string;
  readonly requests: ComponentRequest[];
  /** Requests that have come whole and are not answered to the end. */
  unanswered(): number;
  /** Connections that are open. */
  connections(): number;
  /** Connections that there have been. */
  connectionsSoFar(): number;
  /** Closes connections that wait for a next request, as a server does after its keep-alive timeout. */
  closeIdleConnections(): void;
}

/**
 * Starts a component on a port that is free, with TLS where that is given. It keeps idle connections,
 * and says so, for minutes.
 */
export async function startComponent(handler: Handler, tls?: ServerOptions): Promise<Component> {
  const requests: ComponentRequest[] = [];
  let connections = 0;
  let connectionsSoFar = 0;
  let unanswered = 0;

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url: path, headers, rawHeaders } = request;
    const received = { method, path, headers, rawHeaders, body: await text(request) };
    requests.push(received);
    unanswered += 1;
    response.once('close', () => (unanswered -= 1));
    await handler(received, response);
  }

  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    // A request that was cut off, or a handler that threw.
    receive(request, response).catch(() => response.destroy());
  };
  const server: Server =
    tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
  server.keepAliveTimeout = 600_000;
  server.on('connection', (socket) => {
    connections += 1;
    connectionsSoFar += 1;
    socket.once('close', () => (connections -= 1));
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 });
  await once(server, 'listening');

  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    unanswered: () => unanswered,
    connections: () => connections,
    connectionsSoFar: () => connectionsSoFar,
    closeIdleConnections: () => server.closeIdleConnections(),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Answers with JSON. */
export const json =
  (value: unknown): Handler =>
  (_, response) =>
    response.end(JSON.stringify(value));

/** Answers with what came. */
export const echo: Handler = ({ body }, response) => response.end(body);

/** Never answers. */
export const hang: Handler = () => undefined;
