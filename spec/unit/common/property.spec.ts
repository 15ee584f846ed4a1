import { describe, expect, it } from 'vitest';
import { getProperty } from '../../../lib/common/property.js';

class WithGetter {
  #value = 7;
  get value(): number {
    return this.#value;
  }
}

describe('field', () => {
  it.each([
    ['an own property', { a: 1 }, 'a', 1],
    ['an inherited one', Object.create({ a: 1 }), 'a', 1],
    ['a getter, called on its object', new WithGetter(), 'value', 7],
    ['one of an object without prototype', Object.assign(Object.create(null), { a: 1 }), 'a', 1],
    [
      'one whose getter throws',
      Object.defineProperty({}, 'a', {
        get() {
          throw new Error('not to be had');
        },
      }),
      'a',
      undefined,
    ],
    ['one of a function', Object.assign(() => undefined, { a: 1 }), 'a', 1],
    ['one that is not there', { a: 1 }, 'b', undefined],
    ['one of undefined', undefined, 'a', undefined],
    ['one of null', null, 'a', undefined],
    ['one of a string', 'text', 'length', undefined],
    ['one of a number', 42, 'toFixed', undefined],
  ])('%s', (_, value: unknown, key, expected) => expect(getProperty(value, key)).toBe(expected));
});
