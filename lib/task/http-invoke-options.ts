import { formatValue } from '../common/format-value.js';
import { getProperty } from '../common/property.js';
import { hintFor } from '../common/suggest-key.js';
import type { HeadersInput } from '../net/request-headers.js';

/** What a function of `options.headers` is told of the request that it is asked for. */
export interface HttpInvokeRequest {
  method: 'POST';
  /** The whole URL. */
  url: string;
  /** What is sent beside the headers that the function returns. */
  headers: Readonly<Record<string, string>>;
  /** The task's input: as it is, for a signature. */
  body: string;
  /** The task's short id, as in events and log lines. */
  task: string;
}

/** What `httpInvoke` takes beside the base URL, all optional. */
export interface HttpInvokeOptions {
  /**
   * Headers for every request, beside the source's own or in their place: an object, Headers or
   * entries, or a function that returns them. The function is called for each request and may be
   * async. If it throws, rejects or returns anything else, its task fails with
   * `StepFuncSource.InvokeFailed`; if it never settles, after `invokeTimeoutMs`.
   *
   * @example
   * { headers: { authorization: `Bearer ${token}` } }
   * @example
   * { headers: async () => ({ authorization: `Bearer ${await currentToken()}` }) }
   */
  headers?:
    | HeadersInput
    | ((
        request: HttpInvokeRequest,
        signal: AbortSignal,
      ) => HeadersInput | PromiseLike<HeadersInput>)
    | undefined;
  /**
   * A dispatcher of undici 6, 7 or 8 to send through: a proxy, a unix socket, TLS of one's own. It is
   * never closed, and its own limits hold.
   *
   * @default An Agent that takes 256 KiB of headers, limits no time, and renews its connections
   * after 3 minutes.
   */
  dispatcher?: HttpDispatcher | undefined;
}

/** As much of undici's Dispatcher as is needed. */
export interface HttpDispatcher {
  /** Sends one request, as undici's `Dispatcher.request` does. */
  request(options: {
    origin: string;
    path: string;
    method: 'POST';
    headers: Record<string, string>;
    body: string;
    signal: AbortSignal;
  }): Promise<{
    statusCode: number;
    headers: Record<string, string | string[] | undefined>;
    body: AsyncIterable<Uint8Array>;
  }>;
}

const OPTION_KEYS = ['headers', 'dispatcher'] as const;

/** @throws TypeError that names the key that was probably meant, or what came in place of a dispatcher. */
export function checkHttpInvokeOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(
      `httpInvoke: expected options to be an object, got ${formatValue(options)}`,
    );
  }
  for (const key of Object.keys(options)) {
    if ((OPTION_KEYS as readonly string[]).includes(key)) continue;
    throw new TypeError(
      `httpInvoke: unknown option ${formatValue(key)}; ${hintFor(key, OPTION_KEYS, 'options')}`,
    );
  }
  const dispatcher = getProperty(options, 'dispatcher');
  if (dispatcher === undefined || typeof getProperty(dispatcher, 'request') === 'function') return;
  throw new TypeError(
    `httpInvoke: expected options.dispatcher to be an undici Dispatcher, got ${formatValue(dispatcher)}`,
  );
}
