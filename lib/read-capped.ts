/**
 * Reads a body as UTF-8 text, `limit` bytes at most, and leaves the rest unread: the source of the
 * chunks is told to stop, so that an endless body costs neither memory nor time. However small its
 * chunks, they take no more room than their bytes.
 */
export async function readCapped(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<string> {
  let held: Uint8Array = new Uint8Array(0);
  let size = 0;
  for await (const chunk of chunks) {
    // A chunk of text has no byteLength: it would never come to the limit.
    if (!ArrayBuffer.isView(chunk)) {
      throw new TypeError(`A body must come in chunks of bytes, got ${typeof chunk}`);
    }
    const wanted = chunk.subarray(0, limit - size);
    held = appended(held, size, wanted, limit);
    size += wanted.byteLength;
    if (size === limit) break;
  }
  return Buffer.from(held.buffer, held.byteOffset, size).toString('utf8');
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
