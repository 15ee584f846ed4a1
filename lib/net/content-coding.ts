import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import type { Transform } from 'node:stream';
import { inOwnWords } from '../common/own-words.js';
import { readCapped } from './capped-body.js';

/**
 * Bytes that a coded body may have beyond what is wanted of the decoded one: headers and checksums
 * of its blocks, if it could not be made any smaller.
 */
export const CODING_OVERHEAD_BYTES = 8 * 1024;

/** Makes the decoder of a body that begins with `first`. */
const decoders: Record<string, (first: number | undefined) => Transform> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  // By RFC 9110 it is zlib's format; some servers send what is inside of that.
  deflate: (first) => ((first ?? 0) % 16 === 8 ? createInflate() : createInflateRaw()),
  br: () => createBrotliDecompress(),
};

/**
 * The one coding that a `content-encoding` names. Undefined if it names none, several, or one that
 * is not known here: the body is then left as it is.
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
 * Undoes a content coding: the first `limit` bytes of what was coded. However much there is, no more
 * than that is decoded, so that a small body can not become a large one.
 *
 * @throws Error if the body is corrupt or ends too early, with zlib's error as its cause.
 */
export async function undoContentCoding(
  coding: string,
  body: Uint8Array,
  limit: number,
): Promise<Buffer> {
  // Nothing is nothing in any coding, although none of them would make that of it.
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
