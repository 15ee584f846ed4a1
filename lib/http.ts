import type { Dispatcher } from 'undici';
import { Agent } from './net/undici.js';
import type { PostRequest } from './net/post.js';
import { post } from './net/post.js';
import { getProperty } from './common/property.js';
import type { InvokeRequest, InvokeResponse } from './task/invoke.js';
import { readCapped } from './net/capped-body.js';
import { MAX_OUTPUT_BYTES } from './task/result.js';
import { formatValue } from './common/format-value.js';

/** Header bytes a component may answer with: room for a `step-func-cause` of 32,768 characters. */
const MAX_HEADER_BYTES = 64 * 1024;

/** What `httpInvoke` takes beside the base URL, all optional. */
export interface HttpInvokeOptions {
  /** Sent with every request, beside `content-type` or, where they name it, in its place. */
  headers?: Record<string, string> | undefined;
  /** An undici dispatcher to send through (a proxy, a unix socket, TLS of one's own). Never closed. Default: an Agent of its own. */
  dispatcher?: Dispatcher | undefined;
}

/** An invoke over HTTP. */
export interface HttpInvoke {
  (request: InvokeRequest, signal: AbortSignal): Promise<InvokeResponse>;
  /** Closes idle connections at once, others as their answers come in. Not needed: idle ones hold no process. */
  close(): Promise<void>;
}

/**
 * The invoke for a component behind HTTP, on undici: a quarter of what `fetch` costs. A request goes
 * to `baseUrl`, its `path` joined to that of the URL: `http://app/api` and `/step/sum` make
 * `http://app/api/step/sum`.
 *
 * Up to 64 KiB of response headers are taken (fetch: 16 KiB). Of a body no more is read than AWS
 * takes; redirects are not followed, their status is a failure as any other. Only `signal` bounds
 * the time. Throws a TypeError where `baseUrl` is not an http or https URL, or has a query, a
 * fragment or credentials, or where `dispatcher` is none.
 */
export function httpInvoke(baseUrl: string | URL, options: HttpInvokeOptions = {}): HttpInvoke {
  const { origin, basePath } = parseBase(baseUrl);
  const { send, close } = senderOf(checkDispatcher(options.dispatcher));
  const extraHeaders = options.headers && lowerCased(options.headers);

  function invoke(request: InvokeRequest, signal: AbortSignal): Promise<InvokeResponse> {
    const headers =
      extraHeaders === undefined ? request.headers : { ...request.headers, ...extraHeaders };
    const path = basePath + request.path;
    return send({ origin, path, headers, body: request.body }, signal);
  }

  return Object.assign(invoke, { close });
}

/** Of a body, a byte more than AWS takes tells that it is too much. */
const MOST_BYTES = MAX_OUTPUT_BYTES + 1;

interface Sender {
  send(request: PostRequest, signal: AbortSignal): Promise<InvokeResponse>;
  close(): Promise<void>;
}

function senderOf(given: Dispatcher | undefined): Sender {
  if (given === undefined) {
    const agent = createAgent();
    return {
      async send(request, signal) {
        const answer = await post(agent, request, signal, MOST_BYTES);
        return { ...answer, body: answer.body.toString('utf8') };
      },
      close: () => agent.close(),
    };
  }
  return {
    // By its own `request`: what its `dispatch` wants depends on undici's version, and on what it is composed of.
    async send(request, signal) {
      const { statusCode, headers, body } = await given.request({
        ...request,
        method: 'POST',
        signal,
      });
      return { status: statusCode, headers, body: await readCapped(body, MOST_BYTES) };
    },
    close: () => Promise.resolve(),
  };
}

function createAgent(): Agent {
  // The source's invokeTimeoutMs is the one bound; undici's own are 300 s and would cut longer ones short.
  return new Agent({ maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: 0, bodyTimeout: 0 });
}

function parseBase(baseUrl: string | URL): { origin: string; basePath: string } {
  const url = URL.canParse(String(baseUrl)) ? new URL(baseUrl) : undefined;
  const plain =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    `${url.search}${url.hash}${url.username}${url.password}` === '';
  if (!plain) {
    throw new TypeError(
      `httpInvoke: expected baseUrl to be an http or https URL without query, fragment or credentials, got ${formatValue(withoutCredentials(baseUrl))}`,
    );
  }
  return { origin: url.origin, basePath: url.pathname.replace(/\/+$/, '') };
}

/** As it may stand in an error message: what comes before an @ may be a password. */
function withoutCredentials(baseUrl: unknown): unknown {
  if (typeof baseUrl !== 'string' && !(baseUrl instanceof URL)) return baseUrl;
  return String(baseUrl).replace(/^([a-z][a-z\d+.-]*:)?.*@/is, '$1***@');
}

/** Names in lower case, as the request's own are, so that none is sent twice. */
function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

function checkDispatcher(dispatcher: Dispatcher | undefined): Dispatcher | undefined {
  if (dispatcher === undefined || typeof getProperty(dispatcher, 'request') === 'function') {
    return dispatcher;
  }
  throw new TypeError(
    `httpInvoke: expected options.dispatcher to be an undici Dispatcher, got ${formatValue(dispatcher)}`,
  );
}
