import { Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InvokeResponse } from '../../../lib/task/invoke.js';
import { readResponse } from '../../../lib/task/read-response.js';

/** One byte more than Step Functions takes: enough to see that a body is too large. */
const CAP = 262_145;

const plain = { status: 200, headers: {}, body: '1' };

/** A body of web streams as good as endless, which remembers what became of it. */
function endlessStream() {
  const state = { chunks: 0, canceled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      state.chunks += 1;
      if (state.chunks > 100) controller.error(new Error('was read on and on'));
      else controller.enqueue(new Uint8Array(65_536).fill(0x61));
    },
    cancel: () => void (state.canceled = true),
  });
  return { state, stream };
}

const textOf = ({ body }: InvokeResponse) => Buffer.from(body as Uint8Array).toString();

/** A Response of some other implementation than Node's own. */
const foreign = (body: unknown, fields: object = {}) => ({
  status: 200,
  headers: new Headers(),
  bodyUsed: false,
  body,
  text: () => Promise.reject(new Error('would read without a limit')),
  ...fields,
});

describe('readResponse', () => {
  const wholly = (kind: string) =>
    `invoke must resolve to { status, headers, body }, got ${kind}; functionInvoke makes an invoke of a function that returns the output`;
  const itsStatus = "invoke's response must have a status from 100 to 999, got";
  const itsHeaders = "invoke's response must have headers, got";
  const itsBody = "invoke's response must have a string or bytes (Uint8Array) as body, got";

  it.each<[string, unknown, string]>([
    ['undefined', undefined, wholly('undefined')],
    ['null', null, wholly('null')],
    ['text', 'ok', wholly('string')],
    ['a number', 200, wholly('number')],
    ['a function', () => 1, wholly('function')],
    ['an empty object', {}, `${itsStatus} undefined`],
    ['an array', [200], `${itsStatus} undefined`],
    [
      'a statusCode, as of undici',
      { statusCode: 200, headers: {}, body: '' },
      `${itsStatus} undefined`,
    ],
    ['a status of text', { ...plain, status: '200' }, `${itsStatus} string`],
    ['a status of an object', { ...plain, status: {} }, `${itsStatus} an object`],
    ...[99, 1_000, 0, -200, 200.5, Number.NaN, Infinity].map(
      (status): [string, unknown, string] => [
        `a status of ${status}`,
        { ...plain, status },
        `${itsStatus} ${status}`,
      ],
    ),
    ['no headers', { status: 200, body: '1' }, `${itsHeaders} undefined`],
    ['headers of null', { ...plain, headers: null }, `${itsHeaders} null`],
    ['headers of text', { ...plain, headers: 'a: b' }, `${itsHeaders} string`],
    ['no body', { status: 200, headers: {} }, `${itsBody} undefined`],
    ['a body of null', { ...plain, body: null }, `${itsBody} null`],
    ['a parsed body', { ...plain, body: { a: 1 } }, `${itsBody} an object`],
    [
      'a body of a buffer without a view',
      { ...plain, body: new ArrayBuffer(1) },
      `${itsBody} an object`,
    ],
    ['a body in parts', { ...plain, body: ['1'] }, `${itsBody} an array`],
    ['a body of a number', { ...plain, body: 1 }, `${itsBody} number`],
  ])('T4: refuses %s', async (_, answer, message) => {
    const refused = readResponse(answer);
    await expect(refused).rejects.toBeInstanceOf(TypeError);
    await expect(refused).rejects.toThrow(new TypeError(message));
  });

  it.each([100, 200, 503, 999])('takes status %d, headers and body as they are', async (status) => {
    const headers = { 'Step-Func-Error': ['a', 'b'] };
    const body = '{ "a" : 1 }\n';
    const answer = await readResponse({ status, headers, body, extra: 'dropped' });
    expect(answer).toEqual({ status, headers, body });
    expect(answer.headers).toBe(headers);
  });

  it('T11: takes bytes as they are, also of another realm', async () => {
    const bytes = Buffer.from('xé').subarray(1);
    const foreignBytes: unknown = runInNewContext('Uint8Array.of(0xc3, 0xa9)');
    for (const body of [
      bytes,
      new Uint8Array(bytes),
      new DataView(Uint8Array.of(195, 169).buffer),
      foreignBytes,
    ]) {
      expect((await readResponse({ ...plain, body })).body).toEqual(new Uint8Array([0xc3, 0xa9]));
    }
  });

  it('takes fields of a prototype, as of a class with getters', async () => {
    class Answer {
      #code = 201;
      #text = 'text';
      get status() {
        return this.#code;
      }
      get headers() {
        return {};
      }
      get body() {
        return this.#text;
      }
    }
    expect(await readResponse(new Answer())).toEqual({ status: 201, headers: {}, body: 'text' });
  });

  it('passes on what a field throws', async () => {
    const answer = {
      get status(): number {
        throw new Error('trap');
      },
    };
    await expect(readResponse(answer)).rejects.toThrow('trap');
  });

  describe('of a fetch Response', () => {
    it('reads the body, which is consumed then', async () => {
      const response = new Response('{"b":"é🙂"}', { status: 202, headers: { a: 'b' } });
      const answer = await readResponse(response);
      expect(answer.status).toBe(202);
      expect(textOf(answer)).toBe('{"b":"é🙂"}');
      expect(answer.headers).toBe(response.headers);
      expect(response.bodyUsed).toBe(true);
    });

    it('T2: takes one without a body as empty', async () => {
      expect((await readResponse(new Response(null, { status: 204 }))).body).toBe('');
      expect((await readResponse(new Response('', { status: 200 }))).body).toHaveLength(0);
    });

    it('refuses one that has been read', async () => {
      const response = new Response('1');
      await response.text();
      await expect(readResponse(response)).rejects.toThrow(
        new TypeError("invoke's Response must be unread, but its body has been read already"),
      );
    });

    it('refuses one whose body has another reader', async () => {
      const response = new Response('1');
      response.body?.getReader();
      await expect(readResponse(response)).rejects.toBeInstanceOf(TypeError);
    });

    it.each([0, 302])('refuses a redirect that is hidden, of status %d', async (status) => {
      const hidden = foreign(null, { type: 'opaqueredirect', status });
      await expect(readResponse(hidden)).rejects.toThrow(/redirects are not followed/);
    });

    it('refuses the Response of a network error, whose status is 0', async () => {
      await expect(readResponse(Response.error())).rejects.toThrow(/status from 100 to 999, got 0/);
    });

    it('T4: rejects with what the body ends in', async () => {
      const error = new TypeError('terminated');
      const broken = new ReadableStream({ start: (controller) => controller.error(error) });
      await expect(readResponse(new Response(broken))).rejects.toBe(error);
    });

    it('T4: reads a body whole that is just as long as Step Functions takes', async () => {
      const body = 'x'.repeat(CAP - 1);
      expect(textOf(await readResponse(new Response(body)))).toBe(body);
    });

    it('T4: reads one byte more of a longer one, and no further', async () => {
      expect((await readResponse(new Response('x'.repeat(CAP * 2)))).body).toHaveLength(CAP);
      const { state, stream } = endlessStream();
      expect((await readResponse(new Response(stream))).body).toHaveLength(CAP);
      expect(state.canceled).toBe(true);
      expect(state.chunks).toBeLessThanOrEqual(6);
    });

    it("is known by its shape: another fetch's is as good, with web or Node streams", async () => {
      const { stream, state } = endlessStream();
      expect((await readResponse(foreign(stream))).body).toHaveLength(CAP);
      expect(state.canceled).toBe(true);
      const readable = Readable.from([Buffer.from('{"a":'), Buffer.from('1}')]);
      expect(textOf(await readResponse(foreign(readable)))).toBe('{"a":1}');
      expect(readable.destroyed).toBe(true);
      expect((await readResponse(foreign(null))).body).toBe('');
      await expect(readResponse(foreign(null, { bodyUsed: true }))).rejects.toThrow(/read already/);
    });

    it.each([
      ['text and bodyUsed', { text: '1', bodyUsed: false }],
      ['a function text', { text: () => '1' }],
    ])('takes a plain response that happens to have %s as it is', async (_, fields) => {
      expect(await readResponse({ ...plain, ...fields })).toEqual(plain);
    });

    it.each([
      ['chunks of text', Readable.from(['{"a":', '1}']), /chunks of bytes, got string/],
      ['chunks of numbers', [1, 2], /must have a body to read, got an array/],
      ['text', 'text', /must have a body to read, got string/],
      ['no stream', 42, /must have a body to read, got number/],
      ['nothing at all', undefined, /must have a body to read, got undefined/],
    ])('T4: refuses a body of %s', async (_, body, message) => {
      const refused = readResponse(foreign(body));
      await expect(refused).rejects.toBeInstanceOf(TypeError);
      await expect(refused).rejects.toThrow(message);
    });
  });

  it('T4: makes of anything at all a response or a TypeError', async () => {
    const headers = fc.oneof(fc.constant({}), fc.constant(new Headers({ a: 'b' })), fc.anything());
    const status = fc.oneof(fc.integer({ min: 100, max: 999 }), fc.anything());
    const body = fc.oneof(fc.string(), fc.anything());
    const chunks = fc.array(fc.oneof(fc.uint8Array(), fc.anything()));
    const answers = fc.oneof(
      fc.anything(),
      fc.record({ status, headers, body }, { requiredKeys: [] }),
      fc
        .record({ status, headers, bodyUsed: fc.boolean(), body: fc.oneof(chunks, body) })
        .map((fields) => foreign(undefined, fields)),
    );
    await fc.assert(
      fc.asyncProperty(answers, async (answer) => {
        const read: unknown = await readResponse(answer).catch((error: unknown) => error);
        if (read instanceof Error) {
          expect(read).toBeInstanceOf(TypeError);
          return;
        }
        expect(Object.keys(read as object).sort()).toEqual(['body', 'headers', 'status']);
        const response = read as Record<string, unknown>;
        expect(response['status']).toSatisfy(
          (code: number) => Number.isInteger(code) && code >= 100 && code <= 999,
        );
        expect(typeof response['body'] === 'string' || ArrayBuffer.isView(response['body'])).toBe(
          true,
        );
        expect(response['headers']).toBeTypeOf('object');
        expect(response['headers']).not.toBeNull();
      }),
      { numRuns: 1_000 },
    );
  });
});
