import { asyncDisposable } from '../common/async-disposable.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { checkKeys } from '../common/check-keys.js';
import { FakeSfn } from './fake-sfn.js';
import type { FakeSfnOptions } from './fake-sfn-options.js';
import { fakeSfnKeys } from './fake-sfn-options.js';
import type { Reply } from './reply.js';
import { ServiceError } from './service-error.js';
import { operationIn, send } from './wire.js';

/** The argument of `startFakeSfnServer`, all optional. */
export interface FakeSfnServerOptions extends FakeSfnOptions {
  /**
   * The port. With 0 it is any free port.
   *
   * @default 0
   */
  port?: number | undefined;
  /**
   * The address to listen on. By default only this machine can connect.
   *
   * @default '127.0.0.1'
   */
  host?: string | undefined;
  /**
   * The FakeSfn to serve. If it is given, the other options of FakeSfn have no effect.
   *
   * @default a new FakeSfn with the other options
   */
  sfn?: FakeSfn | undefined;
}

/** A FakeSfn behind a port. */
export interface FakeSfnServer extends AsyncDisposable {
  /** The FakeSfn that is served: run tasks, set faults and count calls here. */
  readonly sfn: FakeSfn;
  /** For the SDK's `endpoint`, or AWS_ENDPOINT_URL_SFN: `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Ends every open poll and socket, and resolves when the port is free. Idempotent. */
  close(): Promise<void>;
}

/** Longer than clients keep an idle socket: otherwise a request could meet a socket being closed. */
const KEEP_ALIVE_MS = 75_000;
/** Hundreds of clients may connect at once. */
const BACKLOG = 2_048;

/**
 * Serves a FakeSfn on a real port, in AWS's JSON protocol, for the real SDK and the AWS CLI. Requests
 * must be signed, by any credentials: signatures are not verified. If a client disconnects, its poll
 * counts as aborted.
 *
 * @throws the error of Node's `listen`, as a rejection, if the port is in use.
 * @throws TypeError, as a rejection, if an option is unknown.
 * @throws RangeError, as a rejection, if a number of FakeSfn's options is negative.
 * @example
 * ```ts
 * const server = await startFakeSfnServer();
 * process.env.AWS_ENDPOINT_URL_SFN = server.endpoint;
 * const outcome = await server.sfn.runTask('sum', [1, 2, 3]);
 * await server.close();
 * ```
 */
export async function startFakeSfnServer(
  options: FakeSfnServerOptions = {},
): Promise<FakeSfnServer> {
  checkKeys('startFakeSfnServer', options, [...fakeSfnKeys, 'port', 'host', 'sfn']);
  const { port = 0, host = '127.0.0.1', sfn: given, ...fakeOptions } = options;
  const sfn = given ?? new FakeSfn(fakeOptions);
  const server = createServer((request, response) => {
    readBody(request, (body) => void answer(sfn, request, response, body));
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = KEEP_ALIVE_MS + 5_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closed ??= new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }));
  const address = server.address();
  const boundPort = typeof address === 'object' && address !== null ? address.port : port;
  return {
    sfn,
    endpoint: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    port: boundPort,
    close,
    ...asyncDisposable(close),
  };
}

// A request that is cut off before its end has no `end`, and so no effect, as at AWS.
function readBody(request: IncomingMessage, whole: (body: string) => void): void {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => (body += chunk));
  request.on('end', () => whole(body));
}

async function answer(
  sfn: FakeSfn,
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
): Promise<void> {
  const disconnected = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) disconnected.abort();
  });
  try {
    const reply = await replyTo(sfn, request, body, disconnected.signal);
    if (!disconnected.signal.aborted) send(response, reply);
  } catch {
    // The client has disconnected.
  }
}

async function replyTo(
  sfn: FakeSfn,
  request: IncomingMessage,
  body: string,
  signal: AbortSignal,
): Promise<Reply> {
  try {
    return await sfn.reply(operationIn(request, body), signal);
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof ServiceError) return { kind: 'error', error };
    // For example an error that a test's `when` throws.
    return { kind: 'error', error: new ServiceError('InternalFailure', String(error), 500) };
  }
}
