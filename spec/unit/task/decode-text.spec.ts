import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bomOf,
  charsetOf,
  decodeAs,
  decodeLeniently,
  decodeUtf8,
  firstInvalidUtf8,
} from '../../../lib/task/decode-text.js';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('charsetOf', () => {
  it.each([
    ['application/json; charset=utf-8', 'utf-8', ['utf-8']],
    ['application/json;charset=ISO-8859-1', 'ISO-8859-1', ['windows-1252']],
    ['application/json; charset="Windows-1252"', 'Windows-1252', ['windows-1252']],
    ["application/json; Charset='shift_jis'", 'shift_jis', ['shift_jis']],
    ['text/plain; q=1 ; CHARSET = latin1 ; x=y', 'latin1', ['windows-1252']],
    ['application/json; charset=utf-16', 'utf-16', ['utf-16le', 'utf-16be']],
    ['application/json; charset=UTF-16', 'UTF-16', ['utf-16le', 'utf-16be']],
    ['application/json; charset=" utf-8 "', 'utf-8', ['utf-8']],
    ['application/json; charset=utf-16be', 'utf-16be', ['utf-16be']],
    ['application/json; charset=klingon', 'klingon', []],
    ['application/json; charset=utf-32', 'utf-32', []],
    ['application/json, text/html; charset=gbk', 'gbk', ['gbk']],
  ])('T11: %s', (contentType, label, encodings) => {
    expect(charsetOf(contentType)).toEqual({ label, encodings });
  });

  it.each([undefined, '', 'application/json', 'application/json; charset=', 'a/b; charset=""'])(
    'T11: declared is none by %j',
    (contentType) => {
      expect(charsetOf(contentType)).toBeUndefined();
    },
  );
});

describe('bomOf', () => {
  it.each([
    [bytes(0xef, 0xbb, 0xbf), { encoding: 'utf-8', length: 3 }],
    [bytes(0xff, 0xfe, 0x61), { encoding: 'utf-16le', length: 2 }],
    [bytes(0xfe, 0xff, 0x61), { encoding: 'utf-16be', length: 2 }],
  ])('T11: of %s', (body, bom) => expect(bomOf(body)).toEqual(bom));

  it.each([
    [bytes()],
    [bytes(0x61, 0xbb, 0xbf)],
    [bytes(0xef, 0x61, 0xbf)],
    [bytes(0xef, 0xbb, 0x61)],
    [bytes(0xff, 0x61)],
    [bytes(0x61, 0xfe)],
    [bytes(0xfe, 0x61)],
    [bytes(0x61, 0xff)],
  ])('T11: %s begins with none', (body) => expect(bomOf(body)).toBeUndefined());
});

describe('decodeUtf8', () => {
  it('T11: drops a BOM at the beginning, and no other', () => {
    expect(decodeUtf8(bytes(0xef, 0xbb, 0xbf, 0x61, 0xef, 0xbb, 0xbf))).toBe('a\ufeff');
    expect(decodeUtf8(bytes(0xef, 0xbb, 0xbf))).toBe('');
  });

  it('T11: undefined for what is not UTF-8, a cut character included', () => {
    expect(decodeUtf8(bytes(0x61, 0xe9))).toBeUndefined();
    expect(decodeUtf8(bytes(0xe2, 0x82))).toBeUndefined();
    expect(decodeUtf8(bytes(0xff, 0xfe))).toBeUndefined();
  });

  it('takes a view amid a buffer', () => {
    expect(decodeUtf8(Buffer.from('xyzé').subarray(1, 4).subarray(1))).toBeUndefined();
    expect(decodeUtf8(new Uint8Array(Buffer.from('xyé')).subarray(1))).toBe('yé');
  });
});

describe('decodeAs', () => {
  it('T11: gives windows-1252 its own characters, on every Node', () => {
    expect(decodeAs('windows-1252', bytes(0x80, 0x93, 0xe9, 0x99, 0x81))).toBe('€“é™\u0081');
  });

  it('T11: gives no other charset the characters of windows-1252', () => {
    expect(decodeAs('iso-8859-2', bytes(0x85, 0xe9))).toBe('\u0085é');
  });

  it('T11: undefined for what is not valid', () => {
    expect(decodeAs('shift_jis', bytes(0x83, 0x65))).toBe('テ');
    expect(decodeAs('shift_jis', bytes(0x83))).toBeUndefined();
    expect(decodeAs('utf-16le', bytes(0x61, 0x00, 0x62))).toBeUndefined();
    expect(decodeAs('no-such', bytes(0x61))).toBeUndefined();
  });
});

describe('firstInvalidUtf8', () => {
  it.each([
    [bytes(0x61, 0xe9, 0x62), 1],
    [bytes(0xc3, 0xa9, 0x80), 2],
    [bytes(0xe2, 0x82, 0xac, 0xe2, 0x82), 3],
    [bytes(0xf0, 0x9f, 0x98, 0x80, 0xf8), 4],
    [bytes(0xed, 0xa0, 0x80), 0],
    [bytes(0xc0, 0xaf), 0],
  ])('T11: of %s is at %d', (invalid, at) => {
    expect(firstInvalidUtf8(invalid)).toBe(at);
  });

  it('T11: agrees with the decoder', () => {
    const texts = fc.string({ unit: 'binary' }).map((text) => Buffer.from(text));
    fc.assert(
      fc.property(texts, fc.uint8Array(), (text, tail) => {
        const all = Buffer.concat([text, tail]);
        const at = firstInvalidUtf8(all);
        expect(at === undefined).toBe(decodeUtf8(all) !== undefined);
        if (at !== undefined) {
          expect(at).toBeGreaterThanOrEqual(text.length);
          expect(decodeUtf8(all.subarray(0, at))).toBeDefined();
        }
      }),
    );
  });
});

describe('decodeLeniently', () => {
  it.each([
    ['UTF-8', Buffer.from('José'), undefined, 'José'],
    ['UTF-8 under another name', Buffer.from('José'), 'a/b; charset=latin1', 'José'],
    ['the declared charset', bytes(0x4a, 0x6f, 0xe9), 'a/b; charset=latin1', 'Joé'],
    ['windows-1252', bytes(0x80, 0xe9), 'a/b; charset=windows-1252', '€é'],
    ['ISO 8859-2', bytes(0x85, 0xe9), 'a/b; charset=iso-8859-2', '\u0085é'],
    ['UTF-16 by its BOM', bytes(0xff, 0xfe, 0x61, 0x00), undefined, 'a'],
    ['a character cut at the end', Buffer.from('ab€').subarray(0, 4), undefined, 'ab\ufffd'],
    ['no encoding at all', bytes(0x61, 0xe9, 0x62), undefined, 'a\ufffdb'],
    ['an unknown charset', bytes(0x61, 0xe9, 0x62), 'a/b; charset=klingon', 'a\ufffdb'],
    ['nothing', bytes(), undefined, ''],
  ])('T11: takes %s', (_, body, contentType, text) => {
    expect(decodeLeniently(body, contentType)).toBe(text);
  });

  it('T11: makes a text of anything', () => {
    const contentTypes = fc.constantFrom(
      undefined,
      'a/b; charset=utf-16',
      'a/b; charset=shift_jis',
      'a/b; charset=x',
    );
    fc.assert(
      fc.property(fc.uint8Array(), contentTypes, (body, contentType) => {
        expect(decodeLeniently(body, contentType)).toBeTypeOf('string');
      }),
    );
  });
});
