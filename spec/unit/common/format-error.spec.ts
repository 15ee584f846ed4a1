import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatError } from '../../../lib/common/format-error.js';

describe('describeError', () => {
  it('T4: writes the chain of causes, with codes that the messages leave out', () => {
    const refused = Object.assign(new Error('connect 127.0.0.1:1'), { code: 'ECONNREFUSED' });
    expect(formatError(new TypeError('fetch failed', { cause: refused }))).toBe(
      'TypeError: fetch failed <- Error: connect 127.0.0.1:1 (ECONNREFUSED)',
    );
  });

  it('lets the first of several errors speak for all', () => {
    expect(formatError(new AggregateError([new Error('first'), new Error('second')]))).toBe(
      'AggregateError <- Error: first',
    );
  });

  it('ends with a chain that bites its own tail, and with a very long one', () => {
    const snake = new Error('snake');
    snake.cause = snake;
    expect(formatError(snake)).toBe('Error: snake');
    let deep = new Error('0');
    for (let i = 1; i < 100; i++) deep = new Error(String(i), { cause: deep });
    expect(formatError(deep).split(' <- ')).toHaveLength(8);
  });

  it('takes errors of another realm, with their causes', () => {
    const make =
      "new TypeError('fetch failed', { cause: new AggregateError([new Error('refused')]) })";
    const foreign: unknown = runInNewContext(make);
    expect(foreign).not.toBeInstanceOf(Error);
    expect(formatError(foreign)).toBe(
      'TypeError: fetch failed <- AggregateError <- Error: refused',
    );
    expect(formatError({ name: 'GrpcError', message: 'down', code: 'E14' })).toBe(
      'GrpcError: down (E14)',
    );
  });

  it('takes whatever was thrown', () => {
    expect(formatError(undefined)).toBe('thrown: undefined');
    expect(formatError('text')).toBe('thrown: text');
    expect(formatError(Object.create(null))).toBe('an error that can not be put into words');
    fc.assert(fc.property(fc.anything(), (thrown) => formatError(thrown).length > 0));
  });
});
