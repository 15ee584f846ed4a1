import { type } from 'arktype';
import { functionInvoke } from 'stepfunc-source/function';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { z } from 'zod';
import { causeOf, requestOf, resultOf } from '../../support/function-result.js';

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

  it('writes the first fifty issues only', async () => {
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
