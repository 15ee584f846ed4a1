/** The first bytes of a body that comes in chunks. */
export interface CappedBody {
  /** Takes a chunk. Returns whether there is room for more. */
  add(chunk: Uint8Array): boolean;
  /** The bytes so far. */
  bytes(): Buffer;
}

/** Keeps `limit` bytes at most, in at most twice as much memory, however small the chunks are. */
export function createCappedBody(limit: number): CappedBody {
  let held: Uint8Array = new Uint8Array(0);
  let size = 0;
  return {
    add(chunk) {
      const taken = chunk.subarray(0, limit - size);
      held = appended(held, size, taken, limit);
      size += taken.byteLength;
      return size < limit;
    },
    bytes: () => Buffer.from(held.buffer, held.byteOffset, size),
  };
}

/**
 * Reads `limit` bytes of a body at most, and cancels the rest. So an endless body costs neither
 * memory nor time.
 */
export async function readCapped(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<Buffer> {
  const body = createCappedBody(limit);
  for await (const chunk of chunks) {
    // A chunk of text has no byteLength, and would never reach the limit.
    if (!ArrayBuffer.isView(chunk)) {
      throw new TypeError(`A body must come in chunks of bytes, got ${typeof chunk}`);
    }
    if (!body.add(chunk)) break;
  }
  return body.bytes();
}

/** `held` with `chunk` behind it, `size` bytes at most. It is `held` itself if there is room. */
function appended(held: Uint8Array, size: number, chunk: Uint8Array, limit: number): Uint8Array {
  // Most bodies are one chunk, which needs no copy.
  if (size === 0) return chunk;
  const newSize = size + chunk.byteLength;
  const roomy = newSize <= held.byteLength ? held : grown(held, Math.min(limit, 2 * newSize));
  roomy.set(chunk, size);
  return roomy;
}

function grown(held: Uint8Array, room: number): Uint8Array {
  const roomier = new Uint8Array(room);
  roomier.set(held);
  return roomier;
}
