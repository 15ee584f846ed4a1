import { runInNewContext } from 'node:vm';
import { type } from 'arktype';
import fc from 'fast-check';
import type { InvokeRequest, TaskResult } from 'stepfunc-source';
import { toTaskResult } from 'stepfunc-source';
import { functionInvoke } from 'stepfunc-source/function';
import type { FunctionInvokeOptions, Handler } from 'stepfunc-source/function';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { z } from 'zod';

const requestOf = (body: string) =>
  ({
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/json' },
    body,
    redirect: 'manual',
    task: 'a1b2c3-1',
  }) as InvokeRequest;
const { signal } = new AbortController();

/** What becomes of a task with `input`, as JSON text or as a value. */
async function resultOf<Input>(
  handler: Handler<Input>,
  input: unknown = null,
  options?: FunctionInvokeOptions<Input>,
): Promise<TaskResult> {
  const body = JSON.stringify(input);
  return toTaskResult(await functionInvoke(handler, options)(requestOf(body), signal));
}

const resultOfThrow = (thrown: unknown) =>
  resultOf(() => {
    throw thrown;
  });

/** What Lambda's JSON says of the failure. */
function causeOf(result: TaskResult): { errorType: string; errorMessage: string; trace: string[] } {
  if (result.outcome !== 'failure') throw new Error('no failure');
  return JSON.parse(result.cause) as ReturnType<typeof causeOf>;
}

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
  ])('fails a task whose output is %s with InvalidOutput', async (_, value, words) => {
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

describe('what a handler throws', () => {
  class OutOfStock extends Error {
    override readonly name = 'OutOfStock';
  }

  it("is reported by its name, with Lambda's JSON as cause", async () => {
    const result = await resultOfThrow(new OutOfStock('none left'));
    expect(result).toMatchObject({ outcome: 'failure', error: 'OutOfStock' });
    const cause = causeOf(result);
    expect(Object.keys(cause)).toEqual(['errorType', 'errorMessage', 'trace']);
    expect(cause).toMatchObject({ errorType: 'OutOfStock', errorMessage: 'none left' });
    expect(cause.trace[0]).toMatch(/none left$/);
    expect(cause.trace[1]).toMatch(/^ {4}at /);
  });

  it('may be rejected with as well', async () => {
    const result = await resultOf(() => Promise.reject(new OutOfStock('none left')));
    expect(result).toMatchObject({ error: 'OutOfStock' });
  });

  it('becomes Error if its name is one that only AWS may use', async () => {
    const error = Object.assign(new Error('late'), { name: 'States.Timeout' });
    const result = await resultOfThrow(error);
    expect(result).toMatchObject({ error: 'Error' });
    expect(causeOf(result)).toMatchObject({ errorType: 'States.Timeout', errorMessage: 'late' });
  });

  const touchy = {
    get message(): string {
      throw new Error('no');
    },
  };
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  it.each<[string, unknown, string, RegExp | string]>([
    ['a string', 'boom', 'Error', 'boom'],
    ['undefined', undefined, 'Error', 'undefined'],
    ['null', null, 'Error', 'null'],
    ['a number', 42, 'Error', '42'],
    ['a symbol', Symbol('x'), 'Error', 'Symbol(x)'],
    ['a plain object', { code: 7 }, 'Error', '{ code: 7 }'],
    ['a function', () => 1, 'Error', /Function/],
    ['an object like an error', { name: 'Denied', message: 'no' }, 'Denied', 'no'],
    ['an error without a name', Object.assign(new Error('x'), { name: '' }), 'Error', 'x'],
    ['an error whose name is no string', Object.assign(new Error('x'), { name: 7 }), 'Error', 'x'],
    ['a DOMException', new DOMException('x', 'DataError'), 'DataError', 'x'],
    ['an object whose getter throws', touchy, 'Error', /./],
    ['a proxy that was revoked', proxy, 'Error', /./],
    [
      'an error of another realm',
      runInNewContext("class Far extends Error {}; Object.assign(new Far('x'), { name: 'Far' })"),
      'Far',
      'x',
    ],
  ])('may be %s', async (_, thrown, error, message) => {
    const result = await resultOfThrow(thrown);
    expect(result).toMatchObject({ outcome: 'failure', error });
    const { errorType, errorMessage, trace } = causeOf(result);
    expect(errorType).toBe(error);
    expect(errorMessage).toMatch(message);
    expect(Array.isArray(trace)).toBe(true);
  });

  it.each(['Fehler\u00fcber\u2713', '\u00c3\u00a9', '\u{1f4a5}Boom', 'caf\u00e9'])(
    'T5: keeps its name and its words in any script: %s',
    async (text) => {
      const result = await resultOfThrow(Object.assign(new Error(text), { name: text }));
      expect(result).toMatchObject({ error: text });
      expect(causeOf(result)).toMatchObject({ errorType: text, errorMessage: text });
    },
  );

  it('T5: loses of the trace first what does not fit', async () => {
    const stack = `Error: x\n${'    at somewhere (file.js:1:1)\n'.repeat(2_000)}`;
    const cause = causeOf(await resultOfThrow(Object.assign(new Error('x'), { stack })));
    expect(cause.errorMessage).toBe('x');
    expect(cause.trace.length).toBeGreaterThan(500);
    expect(cause.trace[0]).toBe('Error: x');
  });

  it('T5: always fits as valid JSON, and keeps as much of the message as there is room for', async () => {
    const texts = fc.oneof(
      fc
        .constantFrom('a', '"', '\\', '\n', '\u0000', '\u{1f4a5}', '\ud83d', '\u2713')
        .map((unit) => unit.repeat(40_000)),
      fc.string({ unit: 'binary', maxLength: 300 }).map((text) => text.repeat(200)),
    );
    await fc.assert(
      fc.asyncProperty(texts, texts, async (message, stack) => {
        const result = await resultOfThrow(Object.assign(new Error(message), { stack }));
        if (result.outcome !== 'failure') throw new Error('no failure');
        expect(result.cause.length).toBeLessThanOrEqual(32_768);
        const { errorMessage } = causeOf(result);
        expect(message.startsWith(errorMessage)).toBe(true);
        if (errorMessage !== message) expect(result.cause.length).toBeGreaterThan(32_740);
      }),
      { numRuns: 30 },
    );
  });
});

describe('an input schema', () => {
  const schemas = {
    zod: z.object({ items: z.array(z.object({ price: z.number() })) }),
    valibot: v.object({ items: v.array(v.object({ price: v.number() })) }),
    arktype: type({ items: type({ price: 'number' }).array() }),
  };

  it.each(Object.entries(schemas))('of %s names the paths of what is wrong', async (_, schema) => {
    const handler = vi.fn();
    const input = { items: [{ price: 1 }, { price: '2' }, {}] };
    const result = await resultOf(handler, input, { input: schema });
    expect(result).toMatchObject({ error: 'StepFuncSource.InvalidInput' });
    const { cause } = result as { cause: string };
    expect(cause).toMatch(/^The input does not fit the schema:\n- \$\.items\[1\]\.price: ./);
    expect(cause).toContain('\n- $.items[2].price: ');
    expect(handler).not.toHaveBeenCalled();
  });

  it.each(Object.entries(schemas))('of %s lets pass what fits', async (_, schema) => {
    const options = { input: schema as typeof schemas.zod };
    expect(await resultOf(({ items }) => items.length, { items: [] }, options)).toEqual({
      outcome: 'success',
      output: '0',
    });
  });

  it('gives the handler what it makes of the input, and its type', async () => {
    const input = z.object({ at: z.iso.datetime().transform((text) => new Date(text)) });
    const at = '2026-01-01T00:00:00Z';
    const result = await resultOf(
      (parsed) => {
        expectTypeOf(parsed).toEqualTypeOf<{ at: Date }>();
        return parsed.at.getUTCFullYear();
      },
      { at },
      { input },
    );
    expect(result).toEqual({ outcome: 'success', output: '2026' });
  });

  it('gives the types of valibot and arktype as well; without one, whatever the handler says', () => {
    functionInvoke(
      ({ items }) => {
        expectTypeOf(items).toEqualTypeOf<{ price: number }[]>();
      },
      { input: schemas.valibot },
    );
    functionInvoke(
      ({ items }) => {
        expectTypeOf(items).toEqualTypeOf<{ price: number }[]>();
      },
      { input: schemas.arktype },
    );
    functionInvoke((input) => {
      expectTypeOf(input).toEqualTypeOf<unknown>();
    });
    functionInvoke((input: { a: number }) => {
      expectTypeOf(input).toEqualTypeOf<{ a: number }>();
    });
    // @ts-expect-error -- the schema gives numbers
    functionInvoke((input: string) => input, { input: z.number() });
  });

  it('may be asynchronous', async () => {
    const input = z.string().refine(async (text) => text !== 'no', 'is taken');
    expect(await resultOf((text) => text, 'yes', { input })).toMatchObject({ output: '"yes"' });
    expect(await resultOf((text) => text, 'no', { input })).toEqual({
      outcome: 'failure',
      error: 'StepFuncSource.InvalidInput',
      cause: 'The input does not fit the schema:\n- $: is taken',
    });
  });

  it('that is aborted before it answers keeps the handler from being called', async () => {
    const handler = vi.fn();
    const stopping = new AbortController();
    const input = z.string().refine(async () => {
      stopping.abort();
      return true;
    });
    const invoke = functionInvoke(handler, { input });
    await invoke(requestOf('"a"'), stopping.signal);
    expect(handler).not.toHaveBeenCalled();
  });

  const schemaOf = (validate: () => unknown) =>
    ({ '~standard': { version: 1, vendor: 'ours', validate } }) as never;

  it.each<[string, readonly unknown[], string]>([
    ['of a key that is no identifier', [{ message: 'm', path: ['a b'] }], '- $["a b"]: m'],
    ['of a symbol', [{ message: 'm', path: [Symbol('s')] }], '- $[Symbol(s)]: m'],
    ['of a key in an object', [{ message: 'm', path: [{ key: 'a' }, { key: 0 }] }], '- $.a[0]: m'],
    ['of no path', [{ message: 'm' }], '- $: m'],
    ['of no message', [{ path: ['a'] }], '- $.a: is not valid'],
    ['that are none', [null], '- $: is not valid'],
    ['that are missing', [], '- the schema does not say why'],
  ])('may have issues %s', async (_, issues, line) => {
    const result = await resultOf(vi.fn(), null, { input: schemaOf(() => ({ issues })) });
    expect(result).toMatchObject({ cause: `The input does not fit the schema:\n${line}` });
  });

  it('tells of the first fifty issues only', async () => {
    const issues = Array.from({ length: 10_000 }, (_, i) => ({ message: 'm', path: [i] }));
    const result = await resultOf(vi.fn(), null, { input: schemaOf(() => ({ issues })) });
    expect((result as { cause: string }).cause).toMatch(/\n- \$\[49\]: m\n- and 9950 more$/);
  });

  it('that throws costs its own task', async () => {
    const input = schemaOf(() => {
      throw new RangeError('a bug in the schema');
    });
    expect(await resultOf(vi.fn(), null, { input })).toMatchObject({ error: 'RangeError' });
  });

  it.each([[undefined], [null], [true], ['ok'], [{ issues: 'many' }], [{}]])(
    'that answers %j costs its own task, by a TypeError that says so',
    async (nonsense) => {
      const handler = vi.fn();
      const result = await resultOf(handler, null, { input: schemaOf(() => nonsense) });
      expect(result).toMatchObject({ error: 'TypeError' });
      expect(causeOf(result).errorMessage).toMatch(
        /^Expected the schema's validate to return \{ value \} or \{ issues: \[\] \}, got /,
      );
      expect(handler).not.toHaveBeenCalled();
    },
  );
});

describe('functionInvoke refuses, by a TypeError that says what is wanted,', () => {
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
