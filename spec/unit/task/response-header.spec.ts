import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toTaskResult } from '../../../lib/task/result.js';
import type { ResponseHeaders } from '../../../lib/task/response-header.js';
import { responseHeader, unrepeated } from '../../../lib/task/response-header.js';

/** A text as it arrives in a header. */
const latin1 = (text: string) => Buffer.from(text).toString('latin1');

const repeated = new Headers();
for (const value of ['E', 'E', 'E']) repeated.append('step-func-error', value);
const different = new Headers();
for (const value of ['A', 'B']) different.append('step-func-error', value);

describe('T15: an error that is sent more than once', () => {
  it.each<[string, ResponseHeaders, string]>([
    ['an array', { 'step-func-error': ['E', 'E'] }, 'E'],
    ['Headers', repeated, 'E'],
    ["Node's http, which joins", { 'step-func-error': 'E, E' }, 'E'],
    ['names in two cases', { 'step-func-error': 'E', 'Step-Func-Error': 'E' }, 'E'],
    ['an array with empty values', { 'step-func-error': ['', 'E', ''] }, 'E'],
    ['UTF-8 as Latin-1, and as itself', { 'step-func-error': [latin1('Größe'), 'Größe'] }, 'Größe'],
    ['an array with commas', { 'step-func-error': ['A, B', 'A, B'] }, 'A, B'],
    ['text with commas', { 'step-func-error': 'A, B, A, B' }, 'A, B'],
  ])('counts once if the values are equal: %s', (_, headers, error) => {
    expect(toTaskResult({ status: 500, headers, body: '' })).toHaveProperty('error', error);
  });

  it.each<[string, ResponseHeaders, string]>([
    ['an array', { 'step-func-error': ['A', 'B'] }, 'A, B'],
    ['an array with equal ones', { 'step-func-error': ['A', 'B', 'A'] }, 'A, B'],
    ['Headers', different, 'A, B'],
    ['names in two cases', { 'step-func-error': 'A', 'STEP-FUNC-ERROR': 'B' }, 'A, B'],
    ['text that is no repetition', { 'step-func-error': 'A, A, B' }, 'A, A, B'],
  ])('is joined if they differ: %s', (_, headers, error) => {
    expect(toTaskResult({ status: 500, headers, body: '' })).toHaveProperty('error', error);
  });

  it('leaves a cause alone that repeats itself', () => {
    const headers = { 'step-func-cause': 'ha, ha' };
    expect(toTaskResult({ status: 500, headers, body: '' })).toHaveProperty('cause', 'ha, ha');
  });
});

describe('unrepeated', () => {
  it.each([
    ['', ''],
    [', ', ', '],
    ['E', 'E'],
    ['E,E', 'E,E'],
    ['E, ', 'E, '],
    ['E, E, E, E, E', 'E'],
    ['ab, ab', 'ab'],
    ['ab, ac', 'ab, ac'],
    ['a, b, a, b, a, b', 'a, b'],
    ['a, b, c, a, b, d', 'a, b, c, a, b, d'],
  ])('makes of %j %j', (text, once) => {
    expect(unrepeated(text)).toBe(once);
  });

  it('finds what was repeated, and is quick with the longest', () => {
    const texts = fc.stringMatching(/^[^, ]{1,40}$/);
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 8 }), (text, times) => {
        expect(unrepeated(Array.from({ length: times }, () => text).join(', '))).toBe(text);
      }),
    );
    expect(unrepeated('a, '.repeat(100_000))).toHaveLength(300_000);
    expect(unrepeated(`a${', a'.repeat(99_999)}`)).toBe('a');
  });
});

describe('responseHeader', () => {
  it('takes headers of any kind, and nothing for what is none', () => {
    const odd = { a: 1, b: null, c: {}, d: undefined, e: [], f: '', g: [1, null] } as unknown;
    const headers = odd as ResponseHeaders;
    const read = (name: string) => responseHeader(headers, name);
    expect(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'x'].map(read)).toEqual([
      '1',
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      '1',
      undefined,
    ]);
    const foreign = { get: (name: string) => (name === 'x' ? ['1', '2'] : null) } as unknown;
    expect(responseHeader(foreign as Headers, 'x')).toBe('1, 2');
    expect(responseHeader(foreign as Headers, 'y')).toBeUndefined();
  });

  it.each([
    ['ASCII', 'E', 'E'],
    ['UTF-8 as Latin-1', latin1('é'), 'é'],
    ['UTF-8 as Latin-1, ASCII among it', latin1('Größe'), 'Größe'],
    ['Latin-1 that is no UTF-8', 'Größe', 'Größe'],
    ['text that never was bytes', `${latin1('é')}Ł`, `${latin1('é')}Ł`],
  ])('T5: reads %s', (_, sent, text) => {
    expect(responseHeader({ a: sent }, 'a')).toBe(text);
  });
});
