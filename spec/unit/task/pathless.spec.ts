import { describe, expect, it } from 'vitest';
import { functionInvoke } from '../../../lib/function.js';
import { httpInvoke } from '../../../lib/http.js';
import { isPathless, pathless } from '../../../lib/task/pathless.js';

const marked = (mark: unknown) => Object.assign(() => undefined, { [pathless]: mark });

describe('isPathless', () => {
  it.each<[string, unknown, boolean]>([
    ["an invoke of functionInvoke's", functionInvoke(() => 1), true],
    ["an invoke of httpInvoke's", httpInvoke('http://app'), false],
    ['a function with the mark', marked(true), true],
    ['a mark that is not true', marked('yes'), false],
    ['a function without it', () => undefined, false],
    ['nothing', undefined, false],
    [
      'an object whose properties throw',
      new Proxy(
        {},
        {
          get() {
            throw new Error('no');
          },
        },
      ),
      false,
    ],
  ])('%s', (_, invoke, expected) => expect(isPathless(invoke)).toBe(expected));

  it('is the mark of another copy of the package as well', () => {
    expect(pathless).toBe(Symbol.for('stepfunc-source.pathless'));
  });
});
