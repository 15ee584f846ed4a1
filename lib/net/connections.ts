import type { Socket } from 'node:net';
import { buildConnector, Client, Pool, ProxyAgent } from './undici.js';
import type { Dispatcher } from 'undici';
import type { Clock } from '../async/clock.js';

/** How long a connection may take to open. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Undici's own time limits are off. They count the upload as waiting, and they fire before data
 * that has arrived is read. The caller limits the time.
 */
const NO_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 };

/** The part of undici's Dispatcher that sends a request. */
export type Dispatching = Pick<Dispatcher, 'dispatch'>;

/** Connections that the library makes itself. Each has one request at a time. */
export interface Connections extends Dispatching {
  /**
   * Closes every connection at once, those that are just being made included. No request can be
   * sent after it.
   */
  destroy(): void;
}

/** Connections that can also end in peace. */
export interface ClosableConnections extends Connections {
  /**
   * Closes idle connections at once, others after their responses. No request can be sent after it.
   */
  close(): Promise<void>;
}

export interface ConnectionOptions {
  /** Room for the headers of a response, in bytes. @default undici's 16 KiB */
  maxHeaderSize?: number;
  /** An older connection gets no further request, and is closed. @default no connection is too old */
  maxAge?: { ms: number; clock: Clock };
}

type Connect = ReturnType<typeof buildConnector>;

/**
 * Opens as many connections as there are requests at a time. The next request takes the one that
 * was used last, so that the others become idle and close. It finds that one in constant time:
 * undici's Pool searches all of its connections.
 *
 * After a response, a connection gets no request before the loop has read once. The other side may
 * have closed it without a word, or have sent a second response. Undici then emits `drain`, as it
 * does for its Pool. A request that follows at once takes another connection, or opens one.
 */
export function createConnections(options: ConnectionOptions = {}): ClosableConnections {
  const { maxHeaderSize, maxAge } = options;
  const settings = { ...NO_TIMEOUTS, ...(maxHeaderSize !== undefined && { maxHeaderSize }) };
  const sockets = new Set<Socket>();
  /** Each with the time of its making, if age counts. */
  const clients = new Map<Client, number | undefined>();
  /** The idle ones by origin. The last of each list was used last. */
  const idle = new Map<string, Client[]>();
  /** The loop has not read from them since their response. */
  const settling = new Set<Client>();
  const connect = tracking(sockets, buildConnector({ timeout: CONNECT_TIMEOUT_MS }));
  let isClosed = false;
  let closing: Promise<unknown> | undefined;

  function idleAt(origin: string): Client[] {
    const known = idle.get(origin);
    if (known !== undefined) return known;
    const none: Client[] = [];
    idle.set(origin, none);
    return none;
  }

  function open(origin: string, idleHere: Client[]): Client {
    const client = new Client(origin, { ...settings, connect });
    clients.set(client, maxAge?.clock.monotonic());
    client.on('drain', () => {
      if (settling.delete(client)) idleHere.push(client);
    });
    // A client in use may go on: undici sends a request again that the other side never saw.
    client.on('disconnect', () => {
      const index = idleHere.indexOf(client);
      if (index !== -1) idleHere.splice(index, 1);
      if (index !== -1 || settling.delete(client)) drop(client);
    });
    return client;
  }

  function takeIdle(idleHere: Client[]): Client | undefined {
    for (let client = idleHere.pop(); client !== undefined; client = idleHere.pop()) {
      const madeAt = clients.get(client);
      if (maxAge === undefined || madeAt === undefined) return client;
      if (maxAge.clock.monotonic() - madeAt <= maxAge.ms) return client;
      drop(client);
    }
    return undefined;
  }

  function drop(client: Client): void {
    clients.delete(client);
    void client.destroy();
  }

  return {
    dispatch(options, handler) {
      const origin = String(options.origin);
      if (isClosed) return refuse(origin, options, handler);
      const idleHere = idleAt(origin);
      const client = takeIdle(idleHere) ?? open(origin, idleHere);
      return client.dispatch(options, {
        onRequestStart: (controller, context: unknown) =>
          handler.onRequestStart?.(controller, context),
        onResponseStart: (controller, status, headers, text) =>
          handler.onResponseStart?.(controller, status, headers, text),
        onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
        onResponseEnd(controller, trailers) {
          if (!isClosed) settling.add(client);
          handler.onResponseEnd?.(controller, trailers);
        },
        onResponseError(controller, error) {
          settling.delete(client);
          drop(client);
          handler.onResponseError?.(controller, error);
        },
      });
    },
    async close() {
      isClosed = true;
      idle.clear();
      settling.clear();
      closing ??= Promise.all(Array.from(clients.keys(), (client) => client.close()));
      await closing;
    },
    destroy() {
      isClosed = true;
      for (const client of clients.keys()) void client.destroy();
      clients.clear();
      idle.clear();
      settling.clear();
      destroyAll(sockets);
    },
  };
}

/** A request that comes too late fails as undici's own do: its handler gets the error. */
function refuse(origin: string, ...sent: Parameters<Dispatching['dispatch']>): boolean {
  const client = new Client(origin);
  void client.destroy();
  return client.dispatch(...sent);
}

/** The same through a proxy, by CONNECT. `proxy` may have a user and a password. */
export function createProxyConnections(proxy: URL): Connections {
  const sockets = new Set<Socket>();
  const agent = new ProxyAgent({
    ...NO_TIMEOUTS,
    uri: proxy.href,
    clientFactory: (origin, options) => {
      const { connect } = options as { connect: Connect };
      return new Pool(origin, { ...NO_TIMEOUTS, connect: tracking(sockets, connect) });
    },
  });
  return {
    dispatch: (options, handler) => agent.dispatch(options, handler),
    destroy() {
      void agent.destroy();
      destroyAll(sockets);
    },
  };
}

/**
 * Undici does not close a connection that is just being made, which would hold the process for 10
 * s.
 */
function tracking(sockets: Set<Socket>, connect: Connect): Connect {
  // It returns the socket, though its type says something else.
  const begin: (...args: Parameters<Connect>) => unknown = connect;
  return (options, callback) => {
    const socket = begin(options, callback) as Socket;
    sockets.add(socket);
    socket.once('close', () => void sockets.delete(socket));
  };
}

function destroyAll(sockets: Set<Socket>): void {
  for (const socket of sockets) socket.destroy();
}
