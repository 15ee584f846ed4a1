/** The first bytes of a body that comes in chunks. */
export interface CappedBody {
  /** Takes a chunk. Returns whether there is room for more. */
  add(chunk: Uint8Array): boolean;
  /** What there is. */
  bytes(): Buffer;
}

/** Keeps `limit` bytes at most. However small the chunks, they take no more room than twice their bytes. */
export function createCappedBody(limit: number): CappedBody {
  let held: Uint8Array = new Uint8Array(0);
  let size = 0;
  return {
    add(chunk) {
      const wanted = chunk.byteLength > limit - size ? chunk.subarray(0, limit - size) : chunk;
      held = appended(held, size, wanted, limit);
      size += wanted.byteLength;
      return size < limit;
    },
    bytes: () =>
      Buffer.isBuffer(held) && held.byteLength === size
        ? held
        : Buffer.from(held.buffer, held.byteOffset, size),
  };
}

/**
 * Reads a body, `limit` bytes at most, and leaves the rest unread: the source of the
 * chunks is told to stop, so that an endless body costs neither memory nor time.
 */
export async function readCapped(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<Buffer> {
  const body = createCappedBody(limit);
  for await (const chunk of chunks) {
    // A chunk of text has no byteLength: it would never come to the limit.
    if (!ArrayBuffer.isView(chunk)) {
      throw new TypeError(`A body must come in chunks of bytes, got ${typeof chunk}`);
    }
    if (!body.add(chunk)) break;
  }
  return body.bytes();
}

/** The first `size` bytes of `held` and `chunk` behind them, in `held` itself where there is room. */
function appended(held: Uint8Array, size: number, chunk: Uint8Array, limit: number): Uint8Array {
  // Most bodies are one chunk, and need no copy.
  if (size === 0) return chunk;
  const newSize = size + chunk.byteLength;
  const roomy = newSize <= held.byteLength ? held : new Uint8Array(Math.min(limit, 2 * newSize));
  if (roomy !== held) roomy.set(held.subarray(0, size));
  roomy.set(chunk, size);
  return roomy;
}
