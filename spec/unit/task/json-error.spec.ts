import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonErrorAt } from '../../../lib/task/json-error.js';

describe('jsonErrorAt', () => {
  it.each([
    ['', 0],
    [' ', 1],
    ['<html>', 0],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ['{a:1}', 1],
    ['{,}', 1],
    ['[1 2]', 3],
    ['[1,]', 3],
    ['[]]', 2],
    ['"ab', 3],
    ['"a\nb"', 2],
    ['"a\\x"', 2],
    ['"a\\N"', 2],
    ['01', 1],
    ['1.', 1],
    ['nul', 0],
    ['NaN', 0],
    ['\ufeff1', 0],
    ["{'a':1}", 1],
    ['1 // one', 2],
    ['[[[', 3],
    ['"\\u00g9"', 1],
    ['"\\u0"', 1],
    ['"\\uwxyz"', 1],
    ['1e', 1],
    ['1e+', 1],
    ['-', 0],
  ])('T4: %j stops being JSON at %d', (text, at) => {
    expect(jsonErrorAt(text)).toBe(at);
  });

  it.each([
    '"\\u00e9\\uABCD"',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
    '[0, -1, 10, 1.5, 1e5, 1E-5, 1.0e+05]',
    '      [      ]      ',
    '\t\n\r{      "a"      :      1      ,      "b"      :      [      2      ]      }\r\n\t',
  ])('T4: %j is JSON', (text) => {
    expect(jsonErrorAt(text)).toBeUndefined();
  });

  it('T4: agrees with JSON.parse on whatever there is', () => {
    const damaged = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', ']', '\\', 'x', ':', '\n', '-'),
      )
      .map(([json, at, put]) => {
        const place = at % (json.length + 1);
        return json.slice(0, place) + put + json.slice(place + 1);
      });
    const char = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      'u',
      '0',
      '1',
      '.',
      'e',
      '-',
      ' ',
      'true',
    );
    const texts = fc.oneof(fc.json(), damaged, fc.string({ unit: char, maxLength: 12 }));
    fc.assert(
      fc.property(texts, (text) => {
        const at = jsonErrorAt(text);
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        expect(at === undefined).toBe(valid);
        if (at !== undefined) expect(at).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 1_000 },
    );
  });

  it('takes the longest and the deepest that there is', () => {
    expect(jsonErrorAt(`"${'x'.repeat(262_000)}"`)).toBeUndefined();
    expect(jsonErrorAt(`"${'\\n'.repeat(131_000)}"`)).toBeUndefined();
    expect(jsonErrorAt('['.repeat(262_000))).toBe(262_000);
    expect(jsonErrorAt('{"a":'.repeat(50_000))).toBe(250_000);
  });
});
