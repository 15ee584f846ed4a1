import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { callSafely } from '../../../lib/common/call-safely.js';

describe('callSafely', () => {
  it('calls the observer, once', () => {
    const observer = vi.fn();
    callSafely(observer);
    expect(observer).toHaveBeenCalledTimes(1);
  });

  it.each<[string, unknown]>([
    ['an error', new Error('boom')],
    ['nothing', undefined],
    ['a text', 'boom'],
  ])('keeps what it throws to itself: %s', (_, thrown) => {
    const observer = vi.fn(() => {
      throw thrown;
    });
    expect(() => callSafely(observer)).not.toThrow();
    expect(observer).toHaveBeenCalledTimes(1);
  });

  it('S3: keeps what it rejects with to itself', async () => {
    const rejection = Promise.reject(new Error('boom'));
    const caught = vi.spyOn(rejection, 'catch');
    // Were it unhandled, the test runner would fail this file as well.
    callSafely(() => rejection);
    expect(caught).toHaveBeenCalledTimes(1);
    await expect(rejection).rejects.toThrow('boom');
  });

  it('S3: keeps what a listener of another realm rejects with to itself', async () => {
    const onUnhandled = vi.fn();
    process.on('unhandledRejection', onUnhandled);
    callSafely(runInNewContext('async () => { throw new Error("boom"); }') as () => unknown);
    await new Promise(setImmediate);
    process.off('unhandledRejection', onUnhandled);
    expect(onUnhandled).not.toHaveBeenCalled();
  });

  it('leaves a lazy thenable, as of a query builder, alone: to look at it would run it', () => {
    const then = vi.fn();
    callSafely(() => ({ then }));
    expect(then).not.toHaveBeenCalled();
  });
});
