import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chunksUntil } from '../../../lib/net/body-chunks.js';

let controller: AbortController;
beforeEach(() => void (controller = new AbortController()));
afterEach(() => {
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

const bytes = (text: string) => Buffer.from(text);

/** A web stream that sends these chunks, and then ends or stays silent. */
function webBody(chunks: string[], { silent = false, cancel = vi.fn() } = {}) {
  const body = new ReadableStream<Uint8Array>({
    start(stream) {
      for (const chunk of chunks) stream.enqueue(bytes(chunk));
      if (!silent) stream.close();
    },
    cancel,
  });
  return { body, cancel };
}

/** A Node stream that sends these chunks, and then ends or stays silent. */
function nodeBody(chunks: string[], { silent = false } = {}): Readable {
  const stream = new Readable({ read: () => undefined });
  for (const chunk of chunks) stream.push(chunk);
  if (!silent) stream.push(null);
  return stream;
}

async function* generated(...chunks: string[]) {
  for (const chunk of chunks) yield bytes(chunk);
}

async function read(body: unknown): Promise<string[]> {
  const received: string[] = [];
  for await (const chunk of chunksUntil(controller.signal, body as ReadableStream<Uint8Array>)) {
    received.push(Buffer.from(chunk).toString());
  }
  return received;
}

describe('chunksUntil', () => {
  it.each<[string, () => unknown]>([
    ['a web stream', () => webBody(['a', 'b']).body],
    ['a Node stream', () => nodeBody(['a', 'b'])],
    ['a Node stream that is made of an array', () => Readable.from([bytes('a'), bytes('b')])],
    ['an async generator, which nobody can destroy', () => generated('a', 'b')],
  ])('gives every chunk of %s', async (_, body) => {
    expect((await read(body())).join('')).toBe('ab');
  });

  it('T9: an abort ends a web stream that sends nothing, and cancels it with the reason', async () => {
    const { body, cancel } = webBody(['a'], { silent: true });
    const received = read(body);
    await new Promise(setImmediate);
    const reason = new Error('timeout');
    controller.abort(reason);
    expect(await received).toEqual(['a']);
    expect(cancel).toHaveBeenCalledExactlyOnceWith(reason);
  });

  it('T9: an abort destroys a Node stream that sends nothing', async () => {
    const body = nodeBody(['a'], { silent: true });
    const settled = Promise.allSettled([read(body)]);
    await new Promise(setImmediate);
    controller.abort();
    await settled;
    expect(body.destroyed).toBe(true);
  });

  it('S3: destroys a Node stream without an error, which nobody would listen to', async () => {
    const destroy = vi.fn();
    expect(await read(Object.assign(generated('a'), { destroy }))).toEqual(['a']);
    expect(destroy).toHaveBeenCalledExactlyOnceWith();
  });

  it('reads nothing under a signal that has aborted', async () => {
    controller.abort();
    const { body, cancel } = webBody(['a'], { silent: true });
    expect(await read(body)).toEqual([]);
    expect(cancel).toHaveBeenCalledOnce();
  });

  it.each(['web', 'node'])('T4: a caller who wants no more ends the %s stream', async (kind) => {
    const { body, cancel } = webBody(['a', 'b'], { silent: true });
    const stream = nodeBody(['a', 'b'], { silent: true });
    const chosen = kind === 'web' ? body : (stream as unknown as ReadableStream<Uint8Array>);
    for await (const chunk of chunksUntil(controller.signal, chosen)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(kind === 'web' ? cancel.mock.calls.length > 0 : stream.destroyed).toBe(true);
  });

  it('S3: a stream that can not be canceled rejects nowhere', async () => {
    const onUnhandled = vi.fn();
    process.on('unhandledRejection', onUnhandled);
    const cancel = vi.fn(() => Promise.reject(new Error('no')));
    const { body } = webBody(['a'], { silent: true, cancel });
    const received = read(body);
    await new Promise(setImmediate);
    controller.abort();
    expect(await received).toEqual(['a']);
    await new Promise(setImmediate);
    process.off('unhandledRejection', onUnhandled);
    expect(cancel).toHaveBeenCalled();
    expect(onUnhandled).not.toHaveBeenCalled();
  });

  it("rejects with the stream's own error", async () => {
    const body = new ReadableStream<Uint8Array>({
      pull: (stream) => stream.error(new Error('reset')),
    });
    await expect(read(body)).rejects.toThrow('reset');
  });
});
