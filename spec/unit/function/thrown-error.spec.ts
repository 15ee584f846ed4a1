import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { causeOf, resultOf, resultOfThrow } from '../../support/function-result.js';

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
