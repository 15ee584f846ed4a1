import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { contentCoding, undoContentCoding } from '../../../lib/net/content-coding.js';

const json = JSON.stringify({ name: 'José', list: Array.from({ length: 1_000 }, (_, i) => i) });

describe('contentCoding', () => {
  it.each<[string | string[] | undefined, string | undefined]>([
    ['gzip', 'gzip'],
    ['GZip', 'gzip'],
    [' x-gzip ', 'x-gzip'],
    ['deflate', 'deflate'],
    ['br', 'br'],
    ['gzip, identity', 'gzip'],
    [['identity', 'br'], 'br'],
    [undefined, undefined],
    ['', undefined],
    ['identity', undefined],
    ['zstd', undefined],
    ['compress', undefined],
    ['gzip, br', undefined],
    [['gzip', 'gzip'], undefined],
    ['constructor', undefined],
  ])('of %j is %s', (header, coding) => {
    expect(contentCoding(header)).toBe(coding);
  });
});

describe('undoContentCoding', () => {
  it.each([
    ['gzip', gzipSync(json)],
    ['x-gzip', gzipSync(json)],
    ['gzip', Buffer.concat([gzipSync(json.slice(0, 99)), gzipSync(json.slice(99))])],
    ['gzip', gzipSync(json, { level: 0 })],
    ['deflate', deflateSync(json)],
    ['deflate', deflateRawSync(json)],
    ['deflate', deflateRawSync(json, { level: 0 })],
    ['br', brotliCompressSync(json)],
  ])('undoes %s', async (coding, body) => {
    expect((await undoContentCoding(coding, body, 100_000)).toString()).toBe(json);
  });

  it.each(['gzip', 'deflate', 'br'])('takes nothing as nothing: %s', async (coding) => {
    expect(await undoContentCoding(coding, Buffer.alloc(0), 100)).toHaveLength(0);
  });

  const zeros = Buffer.alloc(200_000_000);
  it.each([
    ['gzip', gzipSync(zeros)],
    ['br', brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ])(
    'T4: decodes no more than it is asked for: a bomb of %s costs no memory',
    async (coding, bomb) => {
      const before = process.memoryUsage().arrayBuffers;
      const body = await undoContentCoding(coding, bomb, 262_145);
      expect(body).toHaveLength(262_145);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000);
    },
  );

  it.each([
    ['cut off', 'gzip', gzipSync(json).subarray(0, -9)],
    ['cut off in its checksum', 'gzip', gzipSync(json).subarray(0, -4)],
    [
      'of a wrong checksum',
      'gzip',
      Buffer.concat([gzipSync(json).subarray(0, -8), Buffer.alloc(8)]),
    ],
    ['no gzip', 'gzip', Buffer.from(json)],
    ['no deflate', 'deflate', Buffer.from(json)],
    ['no brotli', 'br', Buffer.from(json)],
    ['cut off', 'br', brotliCompressSync(json).subarray(0, -3)],
    ['cut off', 'deflate', deflateSync(json).subarray(0, -3)],
  ])('T4: rejects what is %s: %s', async (_, coding, body) => {
    const undone = undoContentCoding(coding, body, 100_000);
    await expect(undone).rejects.toThrow(
      `The response's body can't be decoded by its content-encoding ${coding}`,
    );
    await expect(undone).rejects.toHaveProperty('cause.code', expect.any(String));
  });
});
