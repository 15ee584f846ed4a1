import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOptionsObject, typeTag } from '../../../lib/common/type-tag.js';

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const throwingTag = {
  get [Symbol.toStringTag](): string {
    throw new Error('no tag');
  },
};

class Options {
  readonly headers = {};
}

describe('typeTag', () => {
  it.each<[string, unknown]>([
    ['Map', new Map()],
    ['Promise', Promise.resolve()],
    ['Response', new Response()],
    ['Array', []],
    ['Null', null],
    ['Undefined', undefined],
    ['Number', 7],
    ['Function', () => 1],
    ['Object', {}],
    ['Object', Object.create(null)],
    ['Object', new Options()],
    ['Object', revoked()],
    ['Object', throwingTag],
    ['Map', runInNewContext('new Map()')],
  ])('%s', (tag, value) => expect(typeTag(value)).toBe(tag));

  it('never throws', () => {
    fc.assert(fc.property(fc.anything(), (value) => typeof typeTag(value) === 'string'));
  });
});

describe('isOptionsObject', () => {
  it.each<[string, unknown, boolean]>([
    ['a plain object', { headers: {} }, true],
    ['an object without a prototype', Object.create(null), true],
    ['an instance of a class', new Options(), true],
    ['an object of another realm', runInNewContext('({})'), true],
    ['a module', { [Symbol.toStringTag]: 'Module' }, true],
    ['a promise of options', Promise.resolve({}), false],
    ['a Map', new Map(), false],
    ['a list', [{}], false],
    ['null', null, false],
    ['nothing', undefined, false],
    ['a function', () => ({}), false],
    ['a text', 'headers', false],
  ])('%s', (_, value, expected) => expect(isOptionsObject(value)).toBe(expected));
});
