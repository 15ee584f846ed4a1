import type { Clock } from '../async/clock.js';
import { startDeadline } from '../async/timer.js';
import { createCappedBody } from '../net/capped-body.js';
import type { Connections } from '../net/connections.js';
import { attemptTimeoutMs } from './call-timeout.js';
import { networkError } from './network-error.js';
import { connectionsFor } from './route.js';

/** The part of the SDK's HttpRequest that is used here. */
interface Request {
  protocol: string;
  hostname: string;
  port?: number;
  method: string;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

/** The part of the SDK's HttpResponse that its deserializers use. */
interface Response {
  statusCode: number;
  headers: Record<string, string>;
  body?: Uint8Array;
}

/** A RequestHandler of the SDK. */
export interface CredentialsRequestHandler {
  handle(request: Request): Promise<{ response: Response }>;
  /** Lets requests through again. */
  open(): void;
  /** Ends requests under way, and refuses others: the SDK would send them again. */
  destroy(): void;
}

/** A response of STS or SSO has a few KiB. */
const MAX_BYTES = 1_000_000;

/**
 * Sends the SDK's calls to STS or SSO for credentials. It uses the environment's proxy, has a time
 * limit, and is ended by `destroy`. The SDK's own handler knows no proxy, and waits for a
 * connection without end.
 */
export function createRequestHandler(clock: Clock): CredentialsRequestHandler {
  let connections: Connections | undefined;
  return {
    async handle(request) {
      if (connections === undefined) throw notNeeded();
      return { response: await send(connections, request, clock) };
    },
    open: () => void (connections ??= connectionsFor()),
    destroy() {
      connections?.destroy();
      connections = undefined;
    },
  };
}

/** By this name the SDK knows not to retry. */
function notNeeded(): Error {
  return Object.assign(new Error('Nobody waits for these credentials any longer'), {
    name: 'AbortError',
  });
}

function send(connections: Connections, request: Request, clock: Clock): Promise<Response> {
  const { protocol, hostname, port, method, headers } = request;
  const origin = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
  const { body } = request;
  const path = `${request.path}${queryOf(request.query)}`;
  return new Promise((resolve, reject) => {
    const received = createCappedBody(MAX_BYTES);
    const response: Response = { statusCode: 0, headers: {} };
    const late = () =>
      Object.assign(new Error(`No response from ${origin} in time`), { name: 'TimeoutError' });
    const cancel = startDeadline(attemptTimeoutMs(body?.length ?? 0), () => fail(late()), clock);
    let abort: (reason: Error) => void = () => undefined;
    function fail(error: Error): void {
      cancel();
      reject(networkError(error, origin));
      abort(error);
    }
    connections.dispatch(
      { origin, path, method: method, headers, body: body ?? null },
      {
        onRequestStart: (controller) => void (abort = (reason) => controller.abort(reason)),
        onResponseStart(_, status, responseHeaders) {
          response.statusCode = status;
          for (const [name, value] of Object.entries(responseHeaders)) {
            response.headers[name] = String(value);
          }
        },
        onResponseData(_, chunk) {
          if (!received.add(chunk)) fail(new Error(`More than ${MAX_BYTES} bytes from ${origin}`));
        },
        onResponseEnd() {
          cancel();
          resolve({ ...response, body: received.bytes() });
        },
        onResponseError: (_, error) => fail(error),
      },
    );
  });
}

function queryOf(query: Request['query']): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) =>
      one === null
        ? encodeURIComponent(name)
        : `${encodeURIComponent(name)}=${encodeURIComponent(one)}`,
    ),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
