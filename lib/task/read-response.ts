import { inOwnWords } from '../common/own-words.js';
import { getProperty } from '../common/property.js';
import { chunksUntil } from '../net/body-chunks.js';
import { readCapped } from '../net/capped-body.js';
import type { InvokeResponse } from './invoke.js';
import { MAX_OUTPUT_BYTES } from './limits.js';

/**
 * Turns an invoke's result into a plain response. Reads the body of a fetch Response as bytes,
 * until it is larger than AWS takes.
 *
 * When `signal` aborts, the rest of the body is canceled. Otherwise an invoke that ignores its
 * signal would leave a connection open.
 *
 * @throws TypeError that says what is wrong with anything else.
 */
export async function readResponse(
  response: unknown,
  signal?: AbortSignal,
): Promise<InvokeResponse> {
  if (typeof response !== 'object' || response === null) {
    throw unusable(
      `invoke must resolve to { status, headers, body }, got ${kindOf(response)}; functionInvoke makes an invoke of a function that returns the output`,
    );
  }
  const { status, headers, body } = response as Partial<Record<string, unknown>>;
  if (getProperty(response, 'type') === 'opaqueredirect') {
    throw unusable(
      'The component redirects, and redirects are not followed. This fetch hides where to, and by which status (a Response of type opaqueredirect).',
    );
  }
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 100 || status > 999) {
    throw unusable(
      `invoke's response must have a status from 100 to 999, got ${typeof status === 'number' ? status : kindOf(status)}`,
    );
  }
  if (typeof headers !== 'object' || headers === null) {
    throw unusable(`invoke's response must have headers, got ${kindOf(headers)}`);
  }
  return {
    status,
    headers: headers as InvokeResponse['headers'],
    body: isFetchResponse(response) ? await readFetchResponse(response, signal) : plainBody(body),
  };
}

function plainBody(body: unknown): string | Uint8Array {
  if (typeof body === 'string') return body;
  // Objects of another realm fit too.
  if (ArrayBuffer.isView(body)) {
    return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  }
  throw unusable(
    `invoke's response must have a string or bytes (Uint8Array) as body, got ${kindOf(body)}`,
  );
}

// By shape, so that a Response of another undici, of node-fetch or of a test fits too.
function isFetchResponse(response: object): response is Response {
  return typeof getProperty(response, 'text') === 'function' && 'bodyUsed' in response;
}

async function readFetchResponse(
  response: Response,
  signal?: AbortSignal,
): Promise<string | Uint8Array> {
  if (response.bodyUsed) {
    throw unusable("invoke's Response must be unread, but its body has been read already");
  }
  if (response.body === null) return '';
  const chunks: unknown = response.body;
  if (typeof getProperty(chunks, Symbol.asyncIterator) !== 'function') {
    throw unusable(`invoke's Response must have a body to read, got ${kindOf(chunks)}`);
  }
  const { body } = response;
  return readCapped(signal ? chunksUntil(signal, body) : body, MAX_OUTPUT_BYTES + 1);
}

function unusable(message: string): TypeError {
  return inOwnWords(new TypeError(message));
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : typeof value;
}
