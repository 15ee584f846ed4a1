import { expect, it } from 'vitest';
import { oneLine } from '../../../lib/common/one-line.js';

it('makes one line of many, without what would steer a terminal', () => {
  expect(oneLine(' a\r\n\tb\u001b[31m\u2028c\u202e \u0000')).toBe('a b [31m c');
  expect(oneLine('José 😀, ok')).toBe('José 😀, ok');
});

it('cuts at 1,000 characters, and not amid a pair', () => {
  expect(oneLine('x'.repeat(1_000))).toBe('x'.repeat(1_000));
  expect(oneLine('x'.repeat(1_001))).toBe(`${'x'.repeat(999)}…`);
  expect(oneLine(`${'x'.repeat(998)}😀😀`)).toBe(`${'x'.repeat(998)}…`);
});
