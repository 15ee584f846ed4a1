import { onAbort } from '../async/on-abort.js';
import { getProperty } from '../common/property.js';

/**
 * The chunks of a body. It ends when `signal` aborts or the caller wants no more. The body is then
 * canceled, even if it sends nothing. Leaves no listener behind.
 */
export async function* chunksUntil(
  signal: AbortSignal,
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  // A web stream is locked while it is read, so that only its reader can cancel it. A Node stream,
  // as of node-fetch, can be destroyed at any time.
  const reader =
    typeof getProperty(body, 'getReader') === 'function' ? body.getReader() : undefined;
  const stop = () => {
    const destroy = getProperty(body, 'destroy');
    if (reader !== undefined) reader.cancel(signal.reason).catch(() => undefined);
    else if (typeof destroy === 'function') Reflect.apply(destroy, body, []);
  };
  const detach = onAbort(signal, stop);
  try {
    if (reader === undefined) {
      yield* body;
      return;
    }
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    detach();
    stop();
  }
}
