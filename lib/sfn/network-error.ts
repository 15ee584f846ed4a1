import { getProperty } from '../common/property.js';
import { routeTo } from './proxy.js';

/** The SDK retries by these names. */
const names = new Map<unknown, string>([
  ['UND_ERR_CONNECT_TIMEOUT', 'TimeoutError'],
  ['UND_ERR_HEADERS_TIMEOUT', 'TimeoutError'],
  ['UND_ERR_BODY_TIMEOUT', 'TimeoutError'],
  ['UND_ERR_SOCKET', 'RequestTimeout'],
]);

/**
 * An error of a request that got no response, as the SDK and whoever reads it need it: with a name
 * that the SDK retries, and with a word on the proxy, or on one that is set but not used.
 */
export function networkError(error: Error, origin: string): Error {
  const name = nameOf(error);
  const note = noteOn(origin);
  if (name !== undefined) error.name = name;
  if (note !== '' && !error.message.endsWith(`(${note})`)) {
    const code = getProperty(error, 'code');
    // An AggregateError has no words of its own.
    const words = error.message === '' && typeof code === 'string' ? code : error.message;
    error.message = `${words} (${note})`;
  }
  return error;
}

function nameOf(error: Error): string | undefined {
  // What undici calls a proxy's refusal. It is nobody's abort, and by this name it would pass for one.
  if (error.name === 'AbortError') return 'ProxyError';
  return names.get(getProperty(error, 'code'));
}

function noteOn(origin: string): string {
  try {
    return routeTo(origin).note;
  } catch {
    // A proxy that is no URL: that error says it all.
    return '';
  }
}
