import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatValue } from '../../../lib/common/format-value.js';

describe('show', () => {
  it.each([
    [undefined, 'nothing'],
    [null, 'null'],
    ['', '"" (string of 0)'],
    ['10', '"10" (string of 2)'],
    ['a\r\n"b"', String.raw`"a\r\n\"b\"" (string of 6)`],
    [10, '10 (number)'],
    [1.5, '1.5 (number)'],
    [Number.NaN, 'NaN (number)'],
    [-Infinity, '-Infinity (number)'],
    [10n, '10 (bigint)'],
    [true, 'true (boolean)'],
    [false, 'false (boolean)'],
    [{ a: 1 }, 'an object'],
    [new Date(0), 'a Date'],
    [Promise.resolve(), 'a Promise'],
    [new AbortController(), 'an AbortController'],
    [Object.create(null), 'an object'],
    [[1, 2], 'an array'],
    [() => 1, 'a function'],
    [Date, 'a function'],
    [Symbol('secret'), 'a symbol'],
  ])('%o as %s', (value: unknown, words) => expect(formatValue(value)).toBe(words));

  it('cuts a long string, and says how long it was', () => {
    expect(formatValue('x'.repeat(100))).toBe(`"${'x'.repeat(100)}" (string of 100)`);
    expect(formatValue('x'.repeat(101))).toBe(`"${'x'.repeat(100)}…" (string of 101)`);
    expect(formatValue('x'.repeat(1_000_000))).toBe(`"${'x'.repeat(100)}…" (string of 1000000)`);
  });

  it('leaves no half of a surrogate pair where it cuts', () => {
    expect(formatValue('🙂'.repeat(100)).isWellFormed()).toBe(true);
    expect(formatValue(`x${'🙂'.repeat(100)}`).isWellFormed()).toBe(true);
  });

  it('touches nothing of an object, so that one that throws at everything does no harm', () => {
    const trap = () => {
      throw new Error('touched');
    };
    const touchy = new Proxy({}, { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap });
    expect(formatValue(touchy)).toBe('an object');
    expect(formatValue({ toString: trap, toJSON: trap, [Symbol.toPrimitive]: trap })).toBe(
      'an object',
    );
  });

  it('is words on one short line, whatever came', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(fc.oneof(anything, fc.string({ unit: 'binary', maxLength: 300 })), (value) => {
        const words = formatValue(value);
        expect(words).toMatch(/^[^\r\n]+$/);
        expect(words.isWellFormed()).toBe(true);
        // An escape sequence takes six characters.
        expect(words.length).toBeLessThan(6 * 100 + 30);
      }),
    );
  });
});
