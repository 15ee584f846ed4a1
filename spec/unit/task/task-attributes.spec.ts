import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  attributesOf,
  carryAttributes,
  createAttributePicker,
} from '../../../lib/task/task-attributes.js';

const request = {
  method: 'POST',
  path: '/',
  headers: {},
  body: '{}',
  redirect: 'manual',
  task: 'a-1',
} as const;

/** What is picked of an input, and what is warned of. */
function pick(fn: unknown, input: unknown = {}) {
  const warnings: string[] = [];
  const picker = createAttributePicker(fn as never, (problem) => warnings.push(problem));
  return { picked: picker(JSON.stringify(input)), warnings };
}

/** Whatever is asked of it throws, even Array.isArray. */
function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe('the attributes of a task', () => {
  it('are what the function picks from the parsed input', () => {
    const { picked, warnings } = pick(
      ({ id, tenant }: { id: string; tenant: string }) => ({ id, tenant }),
      { id: 'arn:1', tenant: 't', secret: 'x' },
    );
    expect(picked).toEqual({ id: 'arn:1', tenant: 't' });
    expect(warnings).toEqual([]);
  });

  it('are none without a function, and the input is not even parsed', () => {
    const warn = vi.fn();
    const picker = createAttributePicker(undefined, warn);
    expect(picker('no JSON')).toEqual({});
    expect(warn).not.toHaveBeenCalled();
  });

  it('leave out what is undefined', () => {
    expect(pick(() => ({ a: undefined, b: 'b' }))).toEqual({ picked: { b: 'b' }, warnings: [] });
  });

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new RangeError('with the input in it');
      },
      'it threw RangeError',
    ],
    [
      'throws what is no error',
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- as users do
        throw 'the input';
      },
      'it threw a value of type string',
    ],
    [
      'throws an error with a long name',
      () => {
        throw Object.assign(new Error('the input'), { name: 'N'.repeat(101) });
      },
      `it threw ${'N'.repeat(100)}`,
    ],
    ['is async', async () => ({ a: 'b' }), 'it returned a promise, and must be synchronous'],
    [
      'is async and rejects',
      async () => Promise.reject(new Error('x')),
      'it returned a promise, and must be synchronous',
    ],
    ['returns nothing', () => undefined, 'it returned a value of type undefined'],
    ['returns null', () => null, 'it returned null'],
    ['returns a string', () => 'secret', 'it returned a value of type string'],
    ['returns an array', () => ['a'], 'it returned an array'],
    ['returns a Map', () => new Map([['a', 'b']]), 'it returned a Map'],
    ['returns a revoked proxy', revoked, 'it returned an object whose getters throw'],
    [
      'returns numbers',
      () => ({ a: 1 }),
      'it returned a value of type number as the value of an attribute',
    ],
    ['returns objects', () => ({ a: {} }), 'it returned an object as the value of an attribute'],
    [
      'returns getters that throw',
      () => ({
        get a(): string {
          throw new Error('x');
        },
      }),
      'it returned an object whose getters throw',
    ],
  ])('are none if it %s, and that is warned of without a word of the input', (_, fn, problem) => {
    expect(pick(fn)).toEqual({ picked: {}, warnings: [problem] });
  });

  it('are warned of once, however many tasks there are', () => {
    const warn = vi.fn();
    const picker = createAttributePicker(() => null as never, warn);
    for (let i = 0; i < 100; i += 1) picker('{}');
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('are sixteen at most, of 256 characters each, and never half a surrogate pair', () => {
    const values = fc.dictionary(
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc.string({ unit: 'binary', maxLength: 600 }),
      { maxKeys: 40 },
    );
    fc.assert(
      fc.property(values, (all) => {
        const { picked, warnings } = pick(() => all);
        const entries = Object.entries(picked);
        expect(warnings).toEqual([]);
        expect(entries.length).toBeLessThanOrEqual(16);
        for (const text of entries.flat()) {
          expect(text.length).toBeLessThanOrEqual(256);
          expect(text).not.toMatch(/[\ud800-\udbff]$/);
        }
      }),
    );
  });

  it('are cut to 256 characters, between surrogate pairs', () => {
    const names = { ['n'.repeat(257)]: 'v'.repeat(256), b: `${'v'.repeat(255)}🙂`, c: '🙂v' };
    expect(pick(() => names)).toEqual({
      picked: { ['n'.repeat(256)]: 'v'.repeat(256), b: 'v'.repeat(255), c: '🙂v' },
      warnings: [],
    });
    const pairs = `${'🙂'.repeat(128)}v`;
    expect(pick(() => ({ pairs })).picked).toEqual({ pairs: '🙂'.repeat(128) });
  });

  it('are found by whoever knows the symbol, as another copy of the package does', () => {
    const symbol = Symbol.for('stepfunc-source.attributes');
    expect(Reflect.get(carryAttributes(request, { id: 'arn:1' }), symbol)).toEqual({ id: 'arn:1' });
  });

  it('travel with the request, through a copy of it too, and are no field of it', () => {
    const carrying = carryAttributes(request, { id: 'arn:1' });
    expect(attributesOf({ ...carrying, headers: {} })).toEqual({ id: 'arn:1' });
    expect(Object.keys(carrying)).toEqual(Object.keys(request));
    expect(attributesOf(request)).toEqual({});
  });
});
