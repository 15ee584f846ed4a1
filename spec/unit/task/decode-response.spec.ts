import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HttpResponse } from '../../../lib/net/post.js';
import { decodeResponse } from '../../../lib/task/decode-response.js';

const maxBytes = 1_000;
const bytes = (text: string) => Buffer.from(text);
const json = fc.json().filter((text) => Buffer.byteLength(text) <= maxBytes);
const latin1 = Buffer.from('"é"', 'latin1');

const decode = async (headers: HttpResponse['headers'], body: Buffer, status = 200) =>
  decodeResponse({ status, headers, body }, maxBytes);

describe('decodeResponse', () => {
  it.each<[string, HttpResponse['headers'], Buffer, string | Buffer]>([
    ['UTF-8 becomes text', {}, bytes('"é€🙂"'), '"é€🙂"'],
    ['a declared UTF-8 too', { 'content-type': 'a/b; charset=UTF8' }, bytes('"é"'), '"é"'],
    ['in quotes as well', { 'content-type': 'a/b; charset = "utf-8"' }, bytes('1'), '1'],
    ['what is not UTF-8 stays bytes', {}, latin1, latin1],
    [
      'T11: a body of another charset stays bytes, though it may be UTF-8 by chance',
      { 'content-type': 'application/json; charset=utf-16' },
      bytes('1'),
      bytes('1'),
    ],
    ['a coding that is not known is left as it is', { 'content-encoding': 'zstd' }, latin1, latin1],
  ])('%s', async (_, headers, body, expected) => {
    expect(await decode(headers, body)).toEqual({ status: 200, headers, body: expected });
  });

  it('needs no turn of the loop if there is no coding', () => {
    expect(decodeResponse({ status: 200, headers: {}, body: bytes('1') }, maxBytes)).toEqual({
      status: 200,
      headers: {},
      body: '1',
    });
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('undoes %s, and drops the headers that describe it', async (coding, encode) => {
    await fc.assert(
      fc.asyncProperty(json, async (text) => {
        const headers = { 'content-encoding': coding, 'content-length': '7', 'x-own': 'é' };
        expect(await decode(headers, encode(text))).toEqual({
          status: 200,
          headers: { 'x-own': 'é' },
          body: text,
        });
      }),
      { numRuns: 20 },
    );
  });

  describe('T4: a coded body that is cut off', () => {
    const headers = { 'content-encoding': 'gzip', 'step-func-error': 'Own' };
    const half = gzipSync('"a text of some length"').subarray(0, 20);

    it('makes a success fail', async () => {
      await expect(decode(headers, half)).rejects.toThrow();
    });

    it('leaves a failure its header, and says what is wrong with the body', async () => {
      const response = await decode(headers, half, 400);
      expect(response).toMatchObject({ status: 400, headers: { 'step-func-error': 'Own' } });
      expect(response.body).toMatch(/can't be decoded by its content-encoding gzip/);
    });
  });
});
