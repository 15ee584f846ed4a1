import { checkKeys } from '../common/check-keys.js';
import { formatValue } from '../common/format-value.js';
import { getProperty } from '../common/property.js';
import type { HeadersInput } from '../net/request-headers.js';

/** The request that a function of `options.headers` returns headers for. */
export interface HttpInvokeRequest {
  /** Always POST. */
  method: 'POST';
  /** The whole URL. */
  url: string;
  /** The headers that are sent together with those that the function returns. */
  headers: Readonly<Record<string, string>>;
  /** The task's input, byte for byte, so that it can be signed. */
  body: string;
  /** The task's short id, as in events and log lines. */
  task: string;
}

/** The second argument of `httpInvoke`, all optional. */
export interface HttpInvokeOptions {
  /**
   * More headers for every request: an object, Headers, entries, or a function that returns them. They
   * replace the source's own of the same name. The function is called for each request, and may be
   * async. If it throws, rejects or returns anything else, the task fails with
   * `StepFuncSource.InvokeFailed`. If it never settles, the task fails after `invokeTimeoutMs`.
   *
   * @default no more headers
   * @example
   * ```ts
   * httpInvoke(baseUrl, { headers: { authorization: `Bearer ${token}` } });
   * ```
   * @example
   * ```ts
   * httpInvoke(baseUrl, {
   *   headers: async () => ({ authorization: `Bearer ${await currentToken()}` }),
   * });
   * ```
   */
  headers?:
    | HeadersInput
    | ((
        request: HttpInvokeRequest,
        signal: AbortSignal,
      ) => HeadersInput | PromiseLike<HeadersInput>)
    | undefined;
  /**
   * A dispatcher of undici 6, 7 or 8, for a proxy, a unix socket or other TLS settings. Its own limits
   * hold, and `httpInvoke` never closes it.
   *
   * @default connections with room for 256 KiB of headers, without time limits, each closed after 3
   * minutes
   */
  dispatcher?: HttpDispatcher | undefined;
}

/** The part of undici's Dispatcher that `httpInvoke` uses. */
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

/**
 * Checks the options of `httpInvoke`.
 *
 * @throws TypeError that names the key that was probably meant, or what was given as dispatcher.
 */
export function checkHttpInvokeOptions(options: unknown): void {
  checkKeys('httpInvoke', options, ['headers', 'dispatcher']);
  const dispatcher = getProperty(options, 'dispatcher');
  if (dispatcher === undefined || typeof getProperty(dispatcher, 'request') === 'function') return;
  throw new TypeError(
    `httpInvoke: expected options.dispatcher to be an undici Dispatcher, got ${formatValue(dispatcher)}`,
  );
}
