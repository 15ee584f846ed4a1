import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { checkHeaders } from '../../../lib/net/request-headers.js';

const check = (headers: unknown) => checkHeaders(headers, 'options.headers');

describe('checkHeaders', () => {
  it.each<[string, unknown, Record<string, string>]>([
    [
      'an object',
      { Authorization: 'Bearer x', 'X-Tenant': 'é' },
      { authorization: 'Bearer x', 'x-tenant': 'é' },
    ],
    ['Headers', new Headers({ Authorization: 'x' }), { authorization: 'x' }],
    ['entries', [['Authorization', 'x']], { authorization: 'x' }],
    ['a Map', new Map([['A', 'b']]), { a: 'b' }],
    [
      'names in two cases',
      [
        ['A', 'b'],
        ['a', 'c'],
      ],
      { a: 'b, c' },
    ],
    ['an object of another realm', runInNewContext('({ a: "b" })'), { a: 'b' }],
    [
      'an object without a prototype',
      Object.assign(Object.create(null) as object, { a: 'b' }),
      { a: 'b' },
    ],
    ['an empty value', { a: '' }, { a: '' }],
    ['nothing in it', {}, {}],
    [
      'a name of Object',
      [
        ['__proto__', 'x'],
        ['constructor', 'y'],
      ],
      JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>,
    ],
  ])('takes %s', (_, headers, checked) => {
    expect(check(headers)).toEqual(checked);
  });

  it.each<[unknown, RegExp]>([
    [undefined, /expected an object, Headers or entries of headers, got nothing/],
    [null, /got null/],
    ['authorization: x', /got "authorization: x"/],
    [Promise.resolve({}), /got a promise \(give a function that returns it\)/],
    [new Date(), /got a Date/],
    [
      new (class Token {
        value = 'x';
      })(),
      /got an object/,
    ],
    [['authorization', 'x'], /expected entries of \[name, value\], got a string/],
    [[['authorization']], /got 1 values/],
    [{ 'a b': 'x' }, /expected a header's name, got a text that is none/],
    [[[1, 'x']], /expected a header's name, got 1 \(number\)/],
    [{ authorization: undefined }, /header authorization: expected a string, got nothing/],
    [{ authorization: null }, /header authorization: expected a string, got null/],
    [{ 'x-number': 1 }, /header x-number: expected a string, got a number/],
    [{ Authorization: ['hunter2'] }, /header authorization: expected a string, got an array/],
    [{ authorization: 'Bearer hunter2\n' }, /header authorization: expected characters of Latin-1/],
    [{ 'x-name': 'hunter2 €' }, /header x-name: expected characters of Latin-1/],
    [{ 'Content-Length': '1' }, /Content-Length is set by httpInvoke itself/],
    [{ 'transfer-encoding': 'chunked' }, /transfer-encoding is set by httpInvoke itself/],
  ])('refuses %o, and says why without a secret', (headers, message) => {
    expect(() => check(headers)).toThrow(TypeError);
    expect(() => check(headers)).toThrow(message);
    expect(() => check(headers)).not.toThrow(/hunter2/);
  });
});
