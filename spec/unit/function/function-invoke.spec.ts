import { runInNewContext } from 'node:vm';
import { type } from 'arktype';
import { toTaskResult } from 'stepfunc-source';
import { functionInvoke } from 'stepfunc-source/function';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { requestOf, resultOf, signal } from '../../support/function-result.js';

describe('functionInvoke', () => {
  it('gives the handler the parsed input, the signal and the task, and reports its output', async () => {
    const handler = vi.fn(async ({ numbers }: { numbers: number[] }) => ({ sum: numbers[0] }));
    const invoke = functionInvoke(handler);
    const response = await invoke(requestOf('{"numbers":[1,2]}'), signal);
    expect(response.status).toBe(200);
    expect(toTaskResult(response)).toEqual({ outcome: 'success', output: '{"sum":1}' });
    expect(handler).toHaveBeenCalledExactlyOnceWith(
      { numbers: [1, 2] },
      { signal, task: 'a1b2c3-1' },
    );
  });

  it('takes a handler that is not async', async () => {
    expect(await resultOf((n: number) => n + 1, 1)).toEqual({ outcome: 'success', output: '2' });
  });

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'null'],
    ['null', null, 'null'],
    ['a string', 'Jos\u00e9 \u2713', '"Jos\u00e9 \u2713"'],
    ['a date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['what toJSON makes nothing of', { toJSON: () => undefined }, 'null'],
    ['an object with a key that is undefined', { a: undefined, b: 1 }, '{"b":1}'],
    ['an empty string', '', '""'],
    ['NaN', Number.NaN, 'null'],
  ])('serializes %s', async (_, value, output) => {
    expect(await resultOf(async () => value)).toEqual({ outcome: 'success', output });
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  it.each<[string, unknown, RegExp]>([
    ['a BigInt', { n: 1n }, /BigInt/],
    ['a cycle', cycle, /circular/],
    [
      'a toJSON that throws',
      {
        toJSON() {
          throw new RangeError('no such thing');
        },
      },
      /RangeError: no such thing/,
    ],
    ['a function', () => undefined, /returned a function/],
    ['a symbol', Symbol('x'), /returned a symbol/],
    // JSON makes {} of these.
    ['a Response', new Response('{"a":1}'), /returned a Response, of which JSON keeps nothing/],
    ['a Map', new Map([[1, 2]]), /returned a Map,/],
    ['an error', new Error('x'), /returned an Error,/],
    ['a generator', [1].values(), /returned an Array Iterator,/],
    ['a promise not awaited', { a: [{ sum: Promise.resolve(1) }] }, /a promise in "sum", which/],
  ])('T16: fails a task whose output is %s with InvalidOutput', async (_, value, words) => {
    expect(await resultOf(async () => value)).toEqual({
      outcome: 'failure',
      error: 'StepFuncSource.InvalidOutput',
      cause: expect.stringMatching(words) as string,
    });
  });

  it('leaves no rejection behind of a promise that is returned or thrown', async () => {
    const reject = () => Promise.reject(new Error('x'));
    const returned = await resultOf(async () => ({ sum: reject() }));
    expect(returned).toMatchObject({
      error: 'StepFuncSource.InvalidOutput',
      cause: `The handler's output has a promise in "sum", which must be awaited`,
    });
    const thrown = await resultOf(async () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- as users do
      throw reject();
    });
    expect(thrown).toMatchObject({ error: 'Error' });
    // Vitest fails a run with an unhandled rejection. It is found once all microtasks are through.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it.each<[string, unknown, string]>([
    ['an empty object', {}, '{}'],
    ['an object without a prototype', { a: Object.create(null) as unknown }, '{"a":{}}'],
    ['an object of another realm', runInNewContext('({})') as unknown, '{}'],
    [
      'an instance of a class',
      {
        a: new (class Counter {
          get size() {
            return Object.keys(this).length;
          }
        })(),
      },
      '{"a":{}}',
    ],
    ['the text of one', '{}', '"{}"'],
    ['an error with properties', Object.assign(new Error('x'), { code: 7 }), '{"code":7}'],
  ])('lets %s be empty', async (_, value, output) => {
    expect(await resultOf(async () => value)).toEqual({ outcome: 'success', output });
  });

  it('fails a task whose output is larger than AWS takes with OutputTooLarge', async () => {
    expect(await resultOf(async () => 'x'.repeat(262_144))).toMatchObject({
      error: 'StepFuncSource.OutputTooLarge',
    });
  });

  it('fails a task whose input is not JSON with InvalidInput, and does not quote it', async () => {
    const handler = vi.fn();
    const result = toTaskResult(await functionInvoke(handler)(requestOf('{"secret'), signal));
    expect(result).toEqual({
      outcome: 'failure',
      error: 'StepFuncSource.InvalidInput',
      cause: 'The input is not JSON: 8 characters',
    });
    expect(handler).not.toHaveBeenCalled();
  });

  it('carries the mark with which the path may be left out', () => {
    const mark = Symbol.for('stepfunc-source.pathless');
    expect(
      Reflect.get(
        functionInvoke(() => 1),
        mark,
      ),
    ).toBe(true);
  });

  it('returns what it returns whatever the handler does later: one that never settles is left to the time limit', async () => {
    const answered = vi.fn();
    void functionInvoke(() => new Promise(() => undefined))(requestOf('1'), signal).then(answered);
    await new Promise(setImmediate);
    expect(answered).not.toHaveBeenCalled();
  });
});

describe('functionInvoke refuses, by a TypeError that says what it expects,', () => {
  it.each([[undefined], [null], [{}], ['handler'], [Promise.resolve()]])(
    '%o as handler',
    (handler) => {
      expect(() => functionInvoke(handler as never)).toThrow(
        /^functionInvoke: expected handler to be a function \(input, \{ signal, task \}\) => output, got /,
      );
    },
  );

  it.each([[null], ['zod'], [[]], [7], [new Map()], [Promise.resolve({})]])(
    '%o as options',
    (options) => {
      expect(() => functionInvoke(() => 1, options as never)).toThrow(
        /^functionInvoke: expected options to be an object, got /,
      );
    },
  );

  it.each([
    ['inputs', 'did you mean input?'],
    ['Input', 'did you mean input?'],
    ['schema', 'known options are input'],
  ])('the option %s', (key, hint) => {
    expect(() => functionInvoke(() => 1, { [key]: z.string() })).toThrow(
      `functionInvoke: unknown option "${key}"; ${hint}`,
    );
  });

  it('a schema in place of the options', () => {
    expect(() => functionInvoke(() => 1, z.string() as never)).toThrow(
      /did you mean \{ input \}\?/,
    );
    expect(() => functionInvoke(() => 1, type('string') as never)).toThrow(TypeError);
  });

  it.each([[null], [{}], ['string'], [{ parse: () => 1 }], [{ '~standard': { version: 2 } }]])(
    '%j as options.input',
    (input) => {
      expect(() => functionInvoke(() => 1, { input: input as never })).toThrow(
        /^functionInvoke: expected options\.input to be a schema with Standard Schema v1 \(.*\), got /,
      );
    },
  );
});
