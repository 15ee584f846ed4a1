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
 * Makes the error of a request that got no response. It gets a name by which the SDK retries it.
 * Its message names the proxy, or says that a proxy is set but not used.
 */
export function networkError(error: Error, origin: string): Error {
  const name = nameOf(error);
  const note = noteOn(origin);
  if (name !== undefined) error.name = name;
  if (note !== '' && !error.message.endsWith(`(${note})`)) {
    const code = getProperty(error, 'code');
    // An AggregateError has no message itself.
    const words = error.message === '' && typeof code === 'string' ? code : error.message;
    error.message = `${words} (${note})`;
  }
  return error;
}

function nameOf(error: Error): string | undefined {
  // Undici's name for a proxy's refusal. By this name it would count as an abort.
  if (error.name === 'AbortError') return 'ProxyError';
  return names.get(getProperty(error, 'code'));
}

function noteOn(origin: string): string {
  try {
    return routeTo(origin).note;
  } catch {
    // The proxy is no URL, and the error says so already.
    return '';
  }
}
