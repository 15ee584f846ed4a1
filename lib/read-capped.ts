/**
 * Reads a body as UTF-8 text, `limit` bytes at most, and leaves the rest unread: the source of the
 * chunks is told to stop, so that an endless body costs neither memory nor time.
 */
export async function readCapped(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    // A chunk of text has no byteLength: it would never come to the limit.
    if (!ArrayBuffer.isView(chunk)) {
      throw new TypeError(`A body must come in chunks of bytes, got ${typeof chunk}`);
    }
    const rest = limit - size;
    parts.push(chunk.byteLength > rest ? chunk.subarray(0, rest) : chunk);
    size += Math.min(chunk.byteLength, rest);
    if (size === limit) break;
  }
  return Buffer.concat(parts, size).toString('utf8');
}
