import { onAbort } from '../async/on-abort.js';
import { getProperty } from '../common/property.js';

/**
 * A body's chunks until `signal` aborts or nobody wants more of them: the body is cancelled then, even
 * while it is silent. Leaves no listener behind.
 */
export async function* chunksUntil(
  signal: AbortSignal,
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  // While it is read, a web stream is locked, and only its reader can cancel it. A Node stream, as
  // node-fetch has it, can be destroyed at any time.
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
