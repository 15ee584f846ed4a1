import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import type { Transform } from 'node:stream';
import { inOwnWords } from '../common/own-words.js';
import { readCapped } from './capped-body.js';

/**
 * How much larger than its content a coded body can be: headers and checksums of its blocks, if the
 * content can't be compressed.
 */
export const CODING_OVERHEAD_BYTES = 8 * 1024;

/** Makes the decoder of a body whose first byte is `first`. */
const decoders: Record<string, (first: number | undefined) => Transform> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  // By RFC 9110, deflate is zlib's format. Some servers send raw deflate instead.
  deflate: (first) => ((first ?? 0) % 16 === 8 ? createInflate() : createInflateRaw()),
  br: () => createBrotliDecompress(),
};

/**
 * The coding that a `content-encoding` names. Undefined if it names none, several, or an unknown
 * one. The body then stays coded.
 */
export function contentCoding(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const codings = [header]
    .flat()
    .flatMap((value) => value.split(','))
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  const [coding] = codings;
  return codings.length === 1 && coding !== undefined && Object.hasOwn(decoders, coding)
    ? coding
    : undefined;
}

/**
 * Decodes a body, `limit` bytes at most, so that a small body can't become a large one.
 *
 * @throws Error if the body is corrupt or ends too early, with zlib's error as its cause.
 */
export async function undoContentCoding(
  coding: string,
  body: Uint8Array,
  limit: number,
): Promise<Buffer> {
  // An empty body is empty in any coding, though a decoder would call it corrupt.
  if (body.byteLength === 0) return Buffer.alloc(0);
  const decoder = decoders[coding]?.(body[0]);
  if (decoder === undefined) throw new TypeError(`No content coding that is known here: ${coding}`);
  decoder.end(body);
  try {
    return await readCapped(decoder as AsyncIterable<Uint8Array>, limit);
  } catch (cause) {
    throw inOwnWords(
      new Error(
        `The response's body can't be decoded by its content-encoding ${coding}: it is corrupt or cut off`,
        { cause },
      ),
    );
  }
}
