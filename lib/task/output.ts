import { bomOf, charsetOf, decodeAs, decodeUtf8, firstInvalidUtf8 } from './decode-text.js';
import { ErrorName } from './error-name.js';
import type { InvokeResponse } from './invoke.js';
import { jsonErrorAt } from './json-error.js';
import { MAX_OUTPUT_BYTES } from './limits.js';
import { responseHeader } from './response-header.js';

/** The output of a response of status 200 as JSON, or why there is none. */
export type Output =
  | { output: string }
  | { error: typeof ErrorName.InvalidOutput | typeof ErrorName.OutputTooLarge; cause: string };

/**
 * Reads a body as JSON that AWS takes. Bytes are JSON in UTF-8 or, if they are not, in the encoding
 * that a BOM or the content type declares. A BOM is dropped, and an empty body is `null`.
 *
 * The size is checked first: a body that was cut at its limit may end within a character.
 */
export function readOutput({ headers, body }: InvokeResponse): Output {
  const size = Buffer.byteLength(body);
  if (size > MAX_OUTPUT_BYTES) {
    // The body was cut at its limit. Its declared length may be greater.
    const declared = Number(responseHeader(headers, 'content-length') ?? 0);
    return tooLarge(Math.max(size, declared || 0));
  }
  let why = '';
  for (const text of typeof body === 'string' ? [withoutBom(body)] : readings(body, headers)) {
    if (text === '') return { output: 'null' };
    if (text !== undefined && isJson(text)) return accept(text);
    // The first reading counts. Only bytes have one that is not valid.
    why ||= text === undefined ? whyNotUtf8(body as Uint8Array, headers) : whereItFails(text);
  }
  return invalid(size, why, headers);
}

function withoutBom(text: string): string {
  return text.replace(/^\ufeff/, '');
}

/** The texts that bytes may mean, the likeliest first. Undefined: they are not valid in it. */
function* readings(
  body: Uint8Array,
  headers: InvokeResponse['headers'],
): Generator<string | undefined> {
  yield decodeUtf8(body);
  const marked = bomOf(body);
  if (marked !== undefined) yield decodeAs(marked.encoding, body);
  const declared = charsetOf(responseHeader(headers, 'content-type'));
  for (const encoding of declared?.encodings ?? []) yield decodeAs(encoding, body);
}

/** A string may have half a surrogate pair. UTF-8 has no bytes for it, but JSON has an escape. */
function accept(json: string): Output {
  const output = json.isWellFormed() ? json : json.replaceAll(LONE_SURROGATE, escapeUnit);
  // In another encoding it may have been smaller.
  const size = Buffer.byteLength(output);
  return size > MAX_OUTPUT_BYTES ? tooLarge(size) : { output };
}

const LONE_SURROGATE = /\p{Surrogate}/gu;
const escapeUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16)}`;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function tooLarge(size: number): Output {
  return {
    error: ErrorName.OutputTooLarge,
    cause: `The component's output has at least ${size} bytes; Step Functions takes ${MAX_OUTPUT_BYTES}.`,
  };
}

/** The cause quotes nothing of the body, so that a log line may have it. */
function invalid(size: number, why: string, headers: InvokeResponse['headers']): Output {
  const coding = responseHeader(headers, 'content-encoding');
  const coded =
    coding === undefined || !/^[\w-]{1,20}(?:, ?[\w-]{1,20})*$/.test(coding)
      ? ''
      : ` Its content-encoding is ${coding}.`;
  return {
    error: ErrorName.InvalidOutput,
    cause: `The component answered 200 with ${size} bytes that are not JSON: ${why}.${coded}`,
  };
}

function whereItFails(text: string): string {
  const at = jsonErrorAt(text) ?? 0;
  if (at >= text.length) return `it ends too early, at position ${at}`;
  const char = text.charAt(at);
  // Letters and digits are not quoted: they may be part of a secret.
  return /[!-/:-@[-`{-~]/.test(char)
    ? `unexpected ${char} at position ${at}`
    : `unexpected character at position ${at}`;
}

function whyNotUtf8(body: Uint8Array, headers: InvokeResponse['headers']): string {
  const at = firstInvalidUtf8(body) ?? 0;
  const byte = (body[at] ?? 0).toString(16).toUpperCase();
  const charset = charsetOf(responseHeader(headers, 'content-type'));
  return `byte ${at} (0x${byte}) is not UTF-8, and ${whyNotDeclared(charset)}`;
}

function whyNotDeclared(charset: ReturnType<typeof charsetOf>): string {
  if (charset === undefined) return 'the content type declares no charset';
  const label = /^[\w.:+-]{1,40}$/.test(charset.label) ? ` ${charset.label}` : '';
  return charset.encodings.length === 0
    ? `the declared charset${label} is unknown`
    : `it is not JSON in the declared charset${label} either`;
}
