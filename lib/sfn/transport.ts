import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Clock } from '../async/clock.js';
import { startDeadline } from '../async/timer.js';
import type { Dispatching } from '../net/connections.js';
import { networkError } from './network-error.js';

/** The part of the SDK's HttpRequest that is used here. */
export interface SentRequest {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

/** The input of the SDK's deserializer. */
export interface ReceivedResponse {
  statusCode: number;
  headers: Record<string, string | string[] | undefined>;
  body: Uint8Array;
}

/** The result of an attempt. */
export type Outcome = { response: ReceivedResponse } | { error: unknown };

/** One call, with all its attempts. */
export interface Call {
  signal: AbortSignal;
  /** AWS sees by it that several attempts are one call. */
  invocationId: string;
  /** The result of the first attempt, if it was made before the SDK's turn. */
  first?: Outcome | undefined;
}

/** How requests go out and responses come in. */
export interface Transport {
  /**
   * Makes one attempt. Rejects with an AbortError if the signal aborts, and otherwise with the
   * network's error.
   */
  send(
    origin: string,
    path: string,
    headers: Record<string, string> | string[],
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<ReceivedResponse>;
  /** Makes an SDK client send by this transport. */
  addTo(client: SFNClient): void;
  /** Call it before the client sends a command with this input. */
  begin(input: object, call: Call): void;
}

/**
 * Sends on connections of ours in place of the SDK's requestHandler, which the SDK would hand on to
 * its clients of STS. Where our two middlewares stand in the SDK's stack, from the outside in:
 *
 * ```
 * initialize       longPollMiddleware, loggerMiddleware, recursionDetectionMiddleware …
 * serialize        endpointV2Middleware, serializerMiddleware
 * build            contentLengthMiddleware, hostHeaderMiddleware, getUserAgentMiddleware
 * finalizeRequest  retryMiddleware            an attempt begins here, each time
 *                  httpAuthSchemeMiddleware
 *                  stepFuncSourceInvocation   the id of the call, the same for every attempt
 *                  httpSigningMiddleware
 *                  stepFuncSourceTemplate     see request-template.ts
 * deserialize      deserializerMiddleware     makes an output or an error of a response
 *                  stepFuncSourceTransport    sends, or has the outcome of a first attempt already
 * ```
 *
 * `attemptMs` bounds an attempt by the bytes of its body. Without it, only the call's signal does.
 */
export function createTransport(
  dispatcher: Dispatching,
  attemptMs: ((bodyBytes: number) => number) | undefined,
  clock: Clock,
): Transport {
  const calls = new WeakMap<object, Call>();

  const send: Transport['send'] = (origin, path, headers, body, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(abortError(signal));
        return;
      }
      const response: ReceivedResponse = { statusCode: 0, headers: {}, body: NOTHING };
      let abortRequest: ((reason: Error) => void) | undefined;

      let settled = false;
      const settle = (): void => {
        settled = true;
        cancel?.();
        signal.removeEventListener('abort', onAbort);
      };
      const fail = (error: Error): void => {
        settle();
        reject(error);
      };
      const onAbort = (): void => {
        const error = abortError(signal);
        fail(error);
        abortRequest?.(error);
      };
      const onLate = (): void => {
        const error = timeoutError(limitMs ?? 0);
        fail(error);
        abortRequest?.(error);
      };
      const limitMs = attemptMs?.(body.byteLength);
      const cancel = limitMs === undefined ? undefined : startDeadline(limitMs, onLate, clock);
      signal.addEventListener('abort', onAbort);

      dispatcher.dispatch(
        { origin, path, method: 'POST', headers, body },
        {
          onRequestStart(controller) {
            abortRequest = (reason) => controller.abort(reason);
            // It may have waited for a connection until its time was over or its signal had aborted.
            if (settled) controller.abort(new Error('The request is no longer wanted'));
          },
          // Also called for 103 Early Hints and the like. The last call counts.
          onResponseStart(_, status, responseHeaders) {
            response.statusCode = status;
            response.headers = responseHeaders;
          },
          onResponseData(_, chunk) {
            response.body =
              response.body === NOTHING ? chunk : Buffer.concat([response.body, chunk]);
          },
          onResponseEnd() {
            settle();
            resolve(response);
          },
          onResponseError(_, error) {
            if (!settled) fail(networkError(error, origin));
          },
        },
      );
    });

  return {
    send,
    addTo({ middlewareStack }) {
      middlewareStack.addRelativeTo(
        (next: Next) => (args: Args) => {
          const id = calls.get(args.input)?.invocationId;
          const { headers } = args.request as SentRequest;
          if (id !== undefined) headers['amz-sdk-invocation-id'] = id;
          return next(args);
        },
        {
          name: 'stepFuncSourceInvocation',
          relation: 'before',
          toMiddleware: 'httpSigningMiddleware',
        },
      );
      middlewareStack.add(
        () => async (args) => {
          const call = calls.get(args.input);
          if (call?.first !== undefined) {
            const { first } = call;
            // Further attempts must be sent.
            call.first = undefined;
            if ('error' in first) throw first.error;
            return { response: joinHeaders(first.response) };
          }
          const { protocol, hostname, port, path, headers, body } = args.request as SentRequest;
          const origin = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
          const signal = call?.signal ?? neverAborted;
          return {
            response: joinHeaders(await send(origin, path, headers, bytesOf(body), signal)),
          };
        },
        { name: 'stepFuncSourceTransport', step: 'deserialize', priority: 'low' },
      );
    },
    begin: (input, call) => void calls.set(input, call),
  };
}

/** The part of an SDK middleware that ours need. */
type Args = Parameters<Parameters<Stack['addRelativeTo']>[0]>[0] extends (args: infer A) => unknown
  ? A & { request: unknown }
  : never;
type Next = Parameters<Parameters<Stack['addRelativeTo']>[0]>[0];
type Stack = SFNClient['middlewareStack'];

const NOTHING = Buffer.alloc(0);
const neverAborted = new AbortController().signal;

/**
 * A body's bytes, without a copy. The SDK's own are an array that logs a warning when it is used as
 * a string.
 */
export function bytesOf(body: string | Uint8Array): Buffer {
  return typeof body === 'string'
    ? Buffer.from(body)
    : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** In the SDK's HttpResponse a header is one string. */
function joinHeaders({ headers, ...response }: ReceivedResponse) {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return { ...response, headers: joined };
}

/** The SDK does not retry an error of this name. */
function abortError({ reason }: AbortSignal): Error {
  return Object.assign(new Error('The call was aborted', { cause: reason }), {
    name: 'AbortError',
  });
}

/** The SDK retries an error of this name. */
function timeoutError(ms: number): Error {
  return Object.assign(new Error(`No response within ${ms} ms`), { name: 'TimeoutError' });
}
