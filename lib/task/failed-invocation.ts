import { errorChain, formatError, formatLink } from '../common/format-error.js';
import { isInOwnWords } from '../common/own-words.js';
import { getProperty } from '../common/property.js';
import { redact } from '../common/redact.js';
import { isNetworkError } from '../net/connection-error.js';
import { ErrorName } from './error-name.js';
import type { DescribedResult } from './result.js';
import { ownFailure } from './result.js';

/** The errors of undici's own time limits. Those of Node's fetch are 300 s each. */
const UNDICI_TIMEOUTS: ReadonlySet<unknown> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

const TIMEOUT_HINT =
  "(This limit is not invokeTimeoutMs but undici's own headersTimeout or bodyTimeout: 300 s in Node's fetch. httpInvoke of stepfunc-source/http has no such limit.)";

/**
 * The failure of a task whose invoke threw. It does not quote `secrets`, the task's token and
 * input.
 *
 * The cause has the whole error. The message has only the network's words and the source's: an
 * invoke may throw anything, parts of the input included.
 */
export function failedInvocation(thrown: unknown, secrets: readonly string[]): DescribedResult {
  const chain = errorChain(thrown);
  const hint = chain.some((error) => UNDICI_TIMEOUTS.has(getProperty(error, 'code')))
    ? ` ${TIMEOUT_HINT}`
    : '';
  const tellable = chain.filter((error) => isInOwnWords(error) || isNetworkError(error));
  const message =
    tellable.length === 0
      ? `invoke threw ${kindOf(thrown)}`
      : redact(tellable.map(formatLink).join(' <- '), secrets) + hint;
  return ownFailure(ErrorName.InvokeFailed, redact(formatError(thrown), secrets) + hint, message);
}

function kindOf(thrown: unknown): string {
  const name = getProperty(thrown, 'name');
  if (typeof name !== 'string') return `a value of type ${typeof thrown}`;
  return /^[A-Za-z][\w.]{0,79}$/.test(name) ? name : 'an error';
}
