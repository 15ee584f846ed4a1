import { getProperty } from '../common/property.js';

/** How deep a chain of causes is followed. */
const MAX_DEPTH = 8;

/**
 * The codes of Node, undici and Bun for a connection that was never made. `ETIMEDOUT` is not among
 * them, since clients also give it to responses that are late.
 */
const NEVER_CONNECTED: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'ConnectionRefused',
  'FailedToOpenSocket',
]);

/** Codes of a connection that was open and then was not. */
const CLOSED: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTCONN',
  'UND_ERR_SOCKET',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_SOCKET_CLOSED',
  'ERR_HTTP2_GOAWAY_SESSION',
  'ERR_HTTP2_SESSION_ERROR',
  'ERR_HTTP2_STREAM_CANCEL',
  'ERR_HTTP2_STREAM_ERROR',
  'ConnectionClosed',
]);

/** Codes of connections, like those above, that say neither. */
const OTHERWISE_FAILED: ReadonlySet<unknown> = new Set(['ETIMEDOUT', 'EPROTO', 'ENETRESET']);

/**
 * Codes of undici, TLS, HTTP parsers and zlib. What Node says of a header, port or pseudo-header that it
 * refuses is not among them: it quotes the value.
 */
const OF_THE_NETWORK =
  /^(?:UND_ERR_\w+|HPE_\w+|Z_\w+|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+|ERR_(?:TLS|SSL|HTTP2?|STREAM|SOCKET)(?!\w*_(?:BAD|INVALID|HEADER|UNSUPPORTED)_)\w*)$/;

/** System calls that fail before there is a connection: the address, or the connection itself. */
const CONNECTING = /^(?:connect|getaddrinfo|query\w*)$/;

/** System calls of a connection. Of a file, these name no path. */
const OF_A_CONNECTION = /^(?:connect|getaddrinfo|query\w*|read|write|shutdown)$/;

/**
 * Whether the network, or a library that speaks a protocol over it, has made this error. Its message
 * has addresses and reasons, and nothing of what was to be sent. Looks at no causes.
 */
export function isNetworkError(error: unknown): boolean {
  const code = getProperty(error, 'code');
  if (NEVER_CONNECTED.has(code) || CLOSED.has(code) || OTHERWISE_FAILED.has(code)) return true;
  if (typeof code !== 'string') return false;
  const syscall = getProperty(error, 'syscall');
  return (
    OF_THE_NETWORK.test(code) || (typeof syscall === 'string' && OF_A_CONNECTION.test(syscall))
  );
}

/**
 * Whether the connection was never made, so that nothing can have arrived at the other side. Looks
 * through the causes that `fetch` and HTTP clients wrap around; of several addresses that were tried,
 * each one must have failed so.
 */
export function neverConnected(error: unknown): boolean {
  return someCause(error, isNeverConnected);
}

/** Whether the other side, or something on the way, has closed a connection that was open. */
export function connectionClosed(error: unknown): boolean {
  return someCause(error, (one) => CLOSED.has(getProperty(one, 'code')) && !isNeverConnected(one));
}

function isNeverConnected(error: unknown): boolean {
  const code = getProperty(error, 'code');
  if (NEVER_CONNECTED.has(code)) return true;
  const syscall = getProperty(error, 'syscall');
  if (typeof syscall === 'string') return CONNECTING.test(syscall);
  // Closed before TLS was agreed on, so that nothing was sent. Only such an error has these fields.
  // The port is what the client gave: undici gives a string.
  return code === 'ECONNRESET' && getProperty(error, 'port') !== undefined;
}

function someCause(error: unknown, test: (error: unknown) => boolean): boolean {
  let one = error;
  for (let depth = 0; depth < MAX_DEPTH && one !== undefined && one !== null; depth += 1) {
    const errors: unknown = getProperty(one, 'errors');
    if (Array.isArray(errors) && errors.length > 0) return errors.every(test);
    if (test(one)) return true;
    one = getProperty(one, 'cause');
  }
  return false;
}
