import { describe, expect, it, vi } from 'vitest';
import { asyncDisposable } from '../../../lib/common/async-disposable.js';

describe('asyncDisposable', () => {
  it('is called at the end of a block with `await using`', async () => {
    const dispose = vi.fn(() => Promise.resolve());
    {
      await using resource = { ...asyncDisposable(dispose) };
      expect(resource).toBeDefined();
    }
    expect(dispose).toHaveBeenCalledOnce();
  });

  it('adds nothing in a realm that has no such symbol', () => {
    const methods = asyncDisposable(() => Promise.resolve(), {});
    expect(Reflect.ownKeys(methods)).toEqual([]);
  });
});
