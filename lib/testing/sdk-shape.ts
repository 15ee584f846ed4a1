import { randomUUID } from 'node:crypto';
import type { Reply } from './reply.js';
import { HTML_502 } from './reply.js';
import { metadata } from './service-error.js';

/** Returns or throws what the SDK would at such a reply, with `maxAttempts: 1`. */
export function asSdkWould(reply: Reply): Record<string, unknown> {
  switch (reply.kind) {
    case 'answer':
      return { ...withoutNulls(reply.body), $metadata: metadata(200, randomUUID()) };
    case 'error':
      throw reply.error;
    case 'html502':
      throw Object.assign(syntaxError(), { $metadata: metadata(502) });
    case 'empty500':
      throw Object.assign(new Error('UnknownError'), {
        name: 'Unknown',
        $fault: 'server',
        $metadata: metadata(500),
      });
    case 'reset':
      throw Object.assign(new Error('read ECONNRESET'), {
        code: 'ECONNRESET',
        syscall: 'read',
        $metadata: metadata(),
      });
  }
}

/** The SDK's error when the caller's signal aborts. */
export function sdkAbortError(signal: AbortSignal): Error {
  return Object.assign(new Error('Request aborted', { cause: signal.reason }), {
    name: 'AbortError',
  });
}

/** The SDK drops a field that is null on the wire. */
function withoutNulls(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

/** The engine's own error, worded by the engine: the SDK parses what should have been JSON. */
function syntaxError(): SyntaxError {
  try {
    JSON.parse(HTML_502);
  } catch (error) {
    if (error instanceof SyntaxError) return error;
  }
  return new SyntaxError('Not JSON');
}
