import { abortable } from 'abort-controller-x';
import { systemClock } from '../async/clock.js';
import { inOwnWords } from '../common/own-words.js';
import { parseBaseUrl } from '../net/base-url.js';
import { readCapped } from '../net/capped-body.js';
import { createConnections } from '../net/connections.js';
import { CODING_OVERHEAD_BYTES } from '../net/content-coding.js';
import type { HttpResponse, PostRequest } from '../net/post.js';
import { post } from '../net/post.js';
import { checkHeaders } from '../net/request-headers.js';
import { decodeResponse } from './decode-response.js';
import type {
  HttpDispatcher,
  HttpInvokeOptions,
  HttpInvokeRequest,
} from './http-invoke-options.js';
import { checkHttpInvokeOptions } from './http-invoke-options.js';
import type { InvokeRequest, InvokeResponse } from './invoke.js';
import { MAX_OUTPUT_BYTES } from './limits.js';

/** Room for a `step-func-cause` of 32,768 characters of any script, and for much else. */
const MAX_HEADER_BYTES = 256 * 1024;
/** One byte more than AWS takes: by that byte it is known that the body is too large. */
const MAX_BODY_BYTES = MAX_OUTPUT_BYTES + 1;
/** The same limit for a body that is still coded. */
const MAX_SENT_BYTES = MAX_BODY_BYTES + CODING_OVERHEAD_BYTES;
/** An older connection is closed after its response. Otherwise it would miss a changed DNS record. */
const CONNECTION_MAX_AGE_MS = 180_000;

/** An invoke over HTTP. */
export interface HttpInvoke {
  (request: InvokeRequest, signal: AbortSignal): Promise<InvokeResponse>;
  /**
   * Closes idle connections at once, others after their responses. A process ends without it too:
   * idle connections do not keep it alive.
   */
  close(): Promise<void>;
}

/**
 * Makes the invoke for a component behind HTTP. It uses undici, which takes a quarter of the CPU that
 * `fetch` does. The base URL `http://app/api` and the path `/step/sum` make
 * `http://app/api/step/sum`.
 *
 * - Response headers may have 256 KiB (fetch: 16 KiB).
 * - A body coded by gzip, deflate or br is decoded. No more of it is read than AWS takes.
 * - Redirects are not followed: their status is a failure like any other.
 * - `invokeTimeoutMs` is the only time limit.
 *
 * @param baseUrl - An http or https URL, without query, fragment and credentials.
 * @throws TypeError if `baseUrl` is not such a URL, or if an option is unknown or wrong.
 * @example
 * ```ts
 * const source = createStepFuncSource(config, httpInvoke('http://localhost:8080'));
 * ```
 */
export function httpInvoke(baseUrl: string | URL, options: HttpInvokeOptions = {}): HttpInvoke {
  const { origin, basePath } = parseBaseUrl(baseUrl);
  checkHttpInvokeOptions(options);
  const { send, close } = createSender(options.dispatcher);
  const extraHeaders = createExtraHeaders(options.headers);

  async function invoke(request: InvokeRequest, signal: AbortSignal): Promise<InvokeResponse> {
    const path = basePath + request.path;
    const extra =
      typeof extraHeaders === 'function'
        ? await extraHeaders({ ...request, url: origin + path }, signal)
        : extraHeaders;
    const headers = extra === undefined ? request.headers : { ...request.headers, ...extra };
    const response = await send({ origin, path, headers, body: request.body }, signal);
    return decodeResponse(response, MAX_BODY_BYTES);
  }

  return Object.assign(invoke, { close });
}

type ExtraHeaders = Record<string, string> | undefined;
type HeadersFunction = (request: HttpInvokeRequest, signal: AbortSignal) => unknown;

/** The headers of an object are checked once, those of a function at each call. */
function createExtraHeaders(
  headers: HttpInvokeOptions['headers'],
): ExtraHeaders | ((request: HttpInvokeRequest, signal: AbortSignal) => Promise<ExtraHeaders>) {
  if (headers === undefined) return undefined;
  if (typeof headers !== 'function') return checkHeaders(headers, 'httpInvoke: options.headers');
  return async (request, signal) => {
    const { method, url, body, task } = request;
    const given = { method, url, body, task, headers: { ...request.headers } };
    // Rejects as soon as `signal` aborts, even if the function never settles.
    const returned = await abortable(signal, callHeaders(headers, given, signal));
    return checkHeaders(returned, 'httpInvoke: what options.headers returned');
  };
}

async function callHeaders(
  headers: HeadersFunction,
  request: HttpInvokeRequest,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await headers(request, signal);
  } catch (cause) {
    throw inOwnWords(new Error('httpInvoke: the function options.headers failed', { cause }));
  }
}

interface Sender {
  send(request: PostRequest & { body: string }, signal: AbortSignal): Promise<HttpResponse>;
  close(): Promise<void>;
}

function createSender(given: HttpDispatcher | undefined): Sender {
  if (given === undefined) {
    // They have no time limits: the source's invokeTimeoutMs is the only one.
    const connections = createConnections({
      maxHeaderSize: MAX_HEADER_BYTES,
      maxAge: { ms: CONNECTION_MAX_AGE_MS, clock: systemClock },
    });
    return {
      send: (request, signal) => post(connections, request, signal, MAX_SENT_BYTES),
      close: () => connections.close(),
    };
  }
  return {
    // Its own `request`: what `dispatch` needs differs by undici's version, and by its
    // interceptors.
    async send(request, signal) {
      const response = await given.request({ ...request, method: 'POST', signal });
      const body = await readCapped(response.body, MAX_SENT_BYTES);
      return { status: response.statusCode, headers: response.headers, body };
    },
    close: () => Promise.resolve(),
  };
}
