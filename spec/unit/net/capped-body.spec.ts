import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCappedBody, readCapped } from '../../../lib/net/capped-body.js';

/** A body in chunks, which remembers what became of it. */
function bodyOf(chunks: Iterable<unknown>) {
  const state = { pulled: 0, closed: false, endedByItself: false };
  async function* generate() {
    try {
      for (const chunk of chunks) {
        state.pulled += 1;
        yield chunk as Uint8Array;
      }
      state.endedByItself = true;
    } finally {
      state.closed = true;
    }
  }
  return { state, body: generate() };
}

/** As good as endless: who has not stopped by the thousandth chunk does not stop. */
function* endless(chunk: unknown) {
  for (let i = 0; i < 1_000; i++) yield chunk;
  throw new Error('was read on and on');
}

const bytes = (text: string) => new TextEncoder().encode(text);
/** The bytes of a text, one a chunk. */
const byteByByte = (text: string) => [...bytes(text)].map((byte) => Uint8Array.of(byte));

const readText = async (...args: Parameters<typeof readCapped>) =>
  (await readCapped(...args)).toString();

describe('createCappedBody', () => {
  const pieceOf = (size: number) => new Uint8Array(size).fill(1);

  it('keeps the first chunk as it is, which is all that most bodies have', () => {
    const body = createCappedBody(1_000);
    const chunk = pieceOf(3);
    body.add(chunk);
    expect(body.bytes().buffer).toBe(chunk.buffer);
  });

  it('has twice the memory of its bytes at most, never more than the limit, and fills it up before it takes more', () => {
    const body = createCappedBody(15);
    const memory = () => body.bytes().buffer;
    body.add(pieceOf(2));
    body.add(pieceOf(1));
    expect(memory().byteLength).toBe(6);
    const first = memory();
    body.add(pieceOf(2));
    expect(memory()).toBe(first);
    body.add(pieceOf(1));
    expect(memory()).toBe(first);
    body.add(pieceOf(3));
    expect(memory().byteLength).toBe(15);
    expect(body.bytes()).toEqual(Buffer.alloc(9, 1));
  });
});

describe('readCapped', () => {
  it('reads a body to its end', async () => {
    const { body, state } = bodyOf([bytes('{"a":'), bytes(''), bytes('1}')]);
    expect(await readText(body, 100)).toBe('{"a":1}');
    expect(state).toEqual({ pulled: 3, closed: true, endedByItself: true });
  });

  it('reads nothing from no chunks', async () => {
    expect(await readText(bodyOf([]).body, 100)).toBe('');
  });

  it.each(['é', '€', '🙂', 'a🙂b€cé'])('puts %s together from chunks of a byte', async (text) => {
    expect(await readText(bodyOf(byteByByte(text)).body, 100)).toBe(text);
  });

  it('T4: stops at the limit in the midst of a chunk, and closes the body', async () => {
    const { body, state } = bodyOf([bytes('abc'), bytes('defg'), bytes('hij')]);
    expect(await readText(body, 5)).toBe('abcde');
    expect(state).toEqual({ pulled: 2, closed: true, endedByItself: false });
  });

  it('T4: pulls no further chunk once the limit is reached', async () => {
    const { body, state } = bodyOf([bytes('abc'), bytes('de'), bytes('f')]);
    expect(await readText(body, 5)).toBe('abcde');
    expect(state).toEqual({ pulled: 2, closed: true, endedByItself: false });
  });

  it('T4: reads no more of an endless body than it must, and closes it', async () => {
    const { body, state } = bodyOf(endless(new Uint8Array(1_000).fill(0x61)));
    expect(await readText(body, 10_500)).toBe('a'.repeat(10_500));
    expect(state).toEqual({ pulled: 11, closed: true, endedByItself: false });
  });

  it('a character that the limit cuts counts no less than its bytes', async () => {
    for (const limit of [1, 2, 3]) {
      const text = await readText(bodyOf([bytes('🙂')]).body, limit);
      expect(Buffer.byteLength(text)).toBeGreaterThanOrEqual(limit);
    }
  });

  it('rejects with what the body ends in', async () => {
    const error = new Error('terminated');
    async function* broken() {
      yield bytes('abc');
      throw error;
    }
    await expect(readCapped(broken(), 100)).rejects.toBe(error);
  });

  it('copies what it keeps of a chunk, be that a Buffer or a view of a larger one', async () => {
    const large = Buffer.from('xxabcxx');
    expect(await readText(bodyOf([large.subarray(2, 5)]).body, 100)).toBe('abc');
    expect(
      await readText(bodyOf([new Uint8Array(large.buffer, large.byteOffset + 2, 3)]).body, 2),
    ).toBe('ab');
  });

  it.each([
    ['text', 'text', 'string'],
    ['a number', 7, 'number'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'object'],
    ['an object', {}, 'object'],
    ['an object of a length', { byteLength: 'x' }, 'object'],
  ])('T4: refuses a body in chunks of %s at its first, and closes it', async (_, chunk, type) => {
    const { body, state } = bodyOf(Array.from({ length: 50 }, () => chunk));
    await expect(readCapped(body, 10)).rejects.toThrow(
      new TypeError(`A body must come in chunks of bytes, got ${type}`),
    );
    expect(state).toEqual({ pulled: 1, closed: true, endedByItself: false });
  });

  it('reads as the chunks in one would read, cut at the limit', async () => {
    const chunk = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.string({ unit: 'binary', maxLength: 20 }).map(bytes),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(chunk), fc.integer({ min: 1, max: 200 }), async (chunks, limit) => {
        const { body, state } = bodyOf(chunks);
        const whole = Buffer.concat(chunks);
        expect(await readText(body, limit)).toBe(whole.subarray(0, limit).toString('utf8'));
        expect(state.closed).toBe(true);
        expect(state.endedByItself).toBe(whole.length < limit);
      }),
    );
  });
});
