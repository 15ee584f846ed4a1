import { describe, expect, it } from 'vitest';
import { MAX_OUTPUT_BYTES } from '../../../lib/task/limits.js';
import { readOutput } from '../../../lib/task/output.js';

const read = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  readOutput({ status: 200, headers, body });
const charset = (name: string) => ({ 'content-type': `application/json; charset=${name}` });

const json = '{"name":"José €"}';
const latin1 = Buffer.from('{"name":"José"}', 'latin1');
const utf16le = Buffer.from(json, 'utf16le');
const utf16be = Buffer.from(utf16le).swap16();

describe('T11: bytes become the JSON that was meant', () => {
  it.each<[string, Uint8Array, Record<string, string>, string]>([
    ['UTF-8', Buffer.from(json), {}, json],
    ['UTF-8 as Uint8Array', new Uint8Array(Buffer.from(json)), {}, json],
    ['UTF-8 under a wrong name', Buffer.from(json), charset('iso-8859-1'), json],
    ['UTF-8 under an unknown name', Buffer.from(json), charset('klingon'), json],
    ['UTF-8 with a BOM', Buffer.from(`\ufeff${json}`), {}, json],
    ['a BOM alone', Buffer.from('\ufeff'), {}, 'null'],
    ['nothing', Buffer.alloc(0), charset('utf-8'), 'null'],
    ['ISO-8859-1', latin1, charset('iso-8859-1'), '{"name":"José"}'],
    ['ISO-8859-1, quoted and in upper case', latin1, charset('"ISO-8859-1"'), '{"name":"José"}'],
    ['windows-1252', Buffer.from('"\x80\x9c"', 'latin1'), charset('Windows-1252'), '"€œ"'],
    ['Shift_JIS', Buffer.from('"\x83\x65\x83\x58"', 'latin1'), charset('Shift_JIS'), '"テス"'],
    [
      'ISO-2022-JP, which is ASCII too',
      Buffer.from('"\x1b$B%F\x1b(B"', 'latin1'),
      charset('iso-2022-jp'),
      '"テ"',
    ],
    [
      'UTF-16 of either order by its BOM',
      Buffer.concat([Buffer.of(0xff, 0xfe), utf16le]),
      {},
      json,
    ],
    ['UTF-16BE by its BOM', Buffer.concat([Buffer.of(0xfe, 0xff), utf16be]), {}, json],
    ['a BOM of UTF-16 alone', Buffer.of(0xff, 0xfe), {}, 'null'],
    ['UTF-16LE', utf16le, charset('utf-16le'), json],
    ['UTF-16BE', utf16be, charset('utf-16be'), json],
    [
      'UTF-16 of ASCII alone, which is UTF-8 too',
      Buffer.from('{"a":1}', 'utf16le'),
      charset('utf-16'),
      '{"a":1}',
    ],
    ['UTF-16 that says nothing of its order', utf16be, charset('UTF-16'), json],
  ])('%s', (_, body, headers, output) => {
    expect(read(body, headers)).toEqual({ output });
  });

  it.each<[string, Uint8Array, Record<string, string>, string]>([
    [
      'ISO-8859-1 undeclared',
      latin1,
      {},
      '15 bytes that are not JSON: byte 12 (0xE9) is not UTF-8, and the content type declares no charset.',
    ],
    [
      'ISO-8859-1 declared as UTF-8',
      latin1,
      charset('utf-8'),
      'byte 12 (0xE9) is not UTF-8, and it is not JSON in the declared charset utf-8 either.',
    ],
    [
      'an unknown charset',
      latin1,
      charset('klingon'),
      'and the declared charset klingon is unknown.',
    ],
    ['a charset that is no word', latin1, charset('"<b>"'), 'and the declared charset is unknown.'],
    ['a cut character', Buffer.from('"é').subarray(0, 2), {}, 'byte 1 (0xC3) is not UTF-8'],
    [
      'bytes that the charset has not',
      Buffer.from('"\x83"', 'latin1'),
      charset('shift_jis'),
      'byte 1 (0x83) is not UTF-8, and it is not JSON in the declared charset shift_jis either.',
    ],
    [
      'an encoded surrogate',
      Buffer.from('"\xed\xa0\x80"', 'latin1'),
      {},
      'byte 1 (0xED) is not UTF-8',
    ],
    [
      'UTF-16 undeclared',
      utf16le.subarray(0, 10),
      {},
      '10 bytes that are not JSON: unexpected character at position 1.',
    ],
    [
      'gzip',
      Buffer.of(0x1f, 0x8b, 8),
      { 'content-encoding': 'gzip' },
      'byte 1 (0x8B) is not UTF-8, and the content type declares no charset. Its content-encoding is gzip.',
    ],
    [
      'JSON that is none',
      Buffer.from('{"a":1,}'),
      charset('latin1'),
      '8 bytes that are not JSON: unexpected } at position 7.',
    ],
  ])('or say where they are not: %s', (_, body, headers, cause) => {
    const output = read(body, headers);
    expect(output).toHaveProperty('error', 'StepFuncSource.InvalidOutput');
    expect(output).toHaveProperty('cause', expect.stringContaining(cause));
  });

  it('the size comes first: a body that was read with a cap may end amid a character', () => {
    const capped = Buffer.from(`"${'é'.repeat(MAX_OUTPUT_BYTES)}`).subarray(
      0,
      MAX_OUTPUT_BYTES + 1,
    );
    expect(capped.at(-1)).toBe(0xa9);
    for (const body of [capped, capped.subarray(1), Buffer.alloc(MAX_OUTPUT_BYTES + 1, 0xff)]) {
      const tooLarge = body.length > MAX_OUTPUT_BYTES;
      const error = `StepFuncSource.${tooLarge ? 'OutputTooLarge' : 'InvalidOutput'}`;
      expect(read(body, charset('latin1'))).toHaveProperty('error', error);
    }
  });

  it.each<[string, string | Uint8Array, Record<string, string>, number]>([
    ['text, by its bytes', 'é'.repeat(MAX_OUTPUT_BYTES / 2 + 1), {}, 262_146],
    ['bytes', Buffer.alloc(MAX_OUTPUT_BYTES + 1, '1'), {}, 262_145],
    [
      'bytes of a body that declares more',
      Buffer.alloc(MAX_OUTPUT_BYTES + 1, '1'),
      { 'content-length': '300000' },
      300_000,
    ],
    [
      'bytes of a body that declares less',
      Buffer.alloc(MAX_OUTPUT_BYTES + 1, '1'),
      { 'content-length': '7' },
      262_145,
    ],
    [
      'bytes of a body that declares no number',
      Buffer.alloc(MAX_OUTPUT_BYTES + 1, '1'),
      { 'content-length': 'many' },
      262_145,
    ],
  ])('T4: says how large it is: %s', (_, body, headers, size) => {
    expect(read(body, headers)).toEqual({
      error: 'StepFuncSource.OutputTooLarge',
      cause: `The component's output has at least ${size} bytes; Step Functions takes 262144.`,
    });
  });

  it('T4: takes what is as large as AWS takes, in any charset', () => {
    const largest = `"${'x'.repeat(MAX_OUTPUT_BYTES - 2)}"`;
    for (const body of [largest, Buffer.from(largest)]) {
      expect(read(body)).toEqual({ output: largest });
    }
    const inLatin1 = `"${'\xe9'.repeat(MAX_OUTPUT_BYTES / 2 - 1)}"`;
    expect(read(Buffer.from(inLatin1, 'latin1'), charset('latin1'))).toEqual({ output: inLatin1 });
  });

  it('counts what becomes of another charset', () => {
    const body = Buffer.from(`"${'\xe9'.repeat(MAX_OUTPUT_BYTES - 2)}"`, 'latin1');
    expect(body).toHaveLength(MAX_OUTPUT_BYTES);
    expect(read(body, charset('latin1'))).toHaveProperty('error', 'StepFuncSource.OutputTooLarge');
  });
});

describe('T11: text is taken as it is', () => {
  it('whatever charset is declared; a BOM is no part of JSON', () => {
    expect(read(json, charset('shift_jis'))).toEqual({ output: json });
    expect(read(`\ufeff${json}`)).toEqual({ output: json });
    expect(read('\ufeff')).toEqual({ output: 'null' });
    expect(read('"\ufffd"')).toEqual({ output: '"\ufffd"' });
  });

  it('T4: says where it stops being JSON, counted without a BOM', () => {
    expect(read('\ufeff{"a":1,}')).toHaveProperty(
      'cause',
      'The component answered 200 with 11 bytes that are not JSON: unexpected } at position 7.',
    );
    expect(read('{"a":')).toHaveProperty(
      'cause',
      'The component answered 200 with 5 bytes that are not JSON: it ends too early, at position 5.',
    );
    expect(read('"a\ufeff"')).toEqual({ output: '"a\ufeff"' });
  });

  it('half a surrogate pair becomes its escape, and no U+FFFD', () => {
    const text = '{"\ud83d":"a\udc00b😀"}';
    const { output } = read(text) as { output: string };
    expect(output).toBe('{"\\ud83d":"a\\udc00b😀"}');
    expect(JSON.parse(output)).toEqual(JSON.parse(text));
  });
});

describe('T4: what a cause says of the headers', () => {
  const after = (headers: Record<string, string>, body: string | Uint8Array = '<') =>
    (read(body, headers) as { cause: string }).cause.replace(
      /^.*at position 0\.|^.* UTF-8, and/,
      '',
    );

  it.each([
    ['gzip', ' Its content-encoding is gzip.'],
    ['gzip, br', ' Its content-encoding is gzip, br.'],
    ['gzip,x-br_2', ' Its content-encoding is gzip,x-br_2.'],
    ['<b>', ''],
    ['gzip <b>', ''],
    ['<b> gzip', ''],
    ['g'.repeat(21), ''],
    ['', ''],
  ])('of a content coding %j: %j', (coding, said) => {
    expect(after({ 'content-encoding': coding })).toBe(said);
    expect(after({})).toBe('');
  });

  it.each([
    ['x-mac:1.0+a', ' the declared charset x-mac:1.0+a is unknown.'],
    ['"klingon <b>"', ' the declared charset is unknown.'],
    ['"<b> klingon"', ' the declared charset is unknown.'],
    ['k'.repeat(41), ' the declared charset is unknown.'],
  ])('of a charset %s: %s', (name, said) => {
    expect(after(charset(name), Buffer.of(0xff))).toBe(said);
  });
});

it('T10: a cause quotes nothing of the output but a mark of punctuation', () => {
  for (const body of [
    'hunter2',
    '{"a":hunter2}',
    '"hunter2\n"',
    '["hunter2" hunter2]',
    '1hunter2',
  ]) {
    expect(read(body)).toHaveProperty('cause', expect.not.stringContaining('hunter'));
  }
});
