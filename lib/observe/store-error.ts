import { getProperty } from '../common/property.js';
import { errorName } from '../sfn/errors.js';

/**
 * The code of a store's error: PostgreSQL's, MySQL's, the network's, or the first word of a Redis
 * error. Undefined if there is none. If a client wraps the server's error, the code of its cause
 * counts.
 */
export function storeErrorName(error: unknown): string {
  return nameInChain(error) ?? errorName(error);
}

function nameInChain(error: unknown): string | undefined {
  for (let at = error, depth = 0; at !== undefined && depth < 5; depth += 1) {
    const name = codeOf(at) ?? firstWordOf(at);
    if (name !== undefined) return name;
    at = getProperty(at, 'cause');
  }
  return undefined;
}

function codeOf(error: unknown): string | undefined {
  const code = getProperty(error, 'code');
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : undefined;
}

/** Before Redis 7, the error of a script stands after ERR and the script's name. */
function firstWordOf(error: unknown): string | undefined {
  const message = getProperty(error, 'message');
  if (typeof message !== 'string') return undefined;
  const [word] = /^[A-Z][A-Z0-9]{2,30}(?= )/.exec(message) ?? [];
  return word === 'ERR' ? (/ -([A-Z]{3,30}) /.exec(message)?.[1] ?? word) : word;
}
