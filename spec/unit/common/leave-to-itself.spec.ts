import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { leaveToItself } from '../../../lib/common/leave-to-itself.js';

const onUnhandled = vi.fn();
beforeEach(() => void process.on('unhandledRejection', onUnhandled));
afterEach(() => {
  process.off('unhandledRejection', onUnhandled);
  onUnhandled.mockClear();
});

describe('leaveToItself', () => {
  it.each<[string, () => unknown]>([
    ['a promise', () => Promise.reject(new Error('late'))],
    [
      'a promise of another realm',
      () => runInNewContext('Promise.reject(new Error("late"))') as unknown,
    ],
  ])('S3: %s that rejects does not end the process', async (_, reject) => {
    leaveToItself(reject());
    await new Promise(setImmediate);
    expect(onUnhandled).not.toHaveBeenCalled();
  });

  it.each([undefined, null, 7, 'text', () => 1])('takes %s', (value) => {
    expect(() => leaveToItself(value)).not.toThrow();
  });

  it('calls nothing of an object with a `then`: a query builder would send its query', async () => {
    const then = vi.fn();
    leaveToItself({ then });
    await new Promise(setImmediate);
    expect(then).not.toHaveBeenCalled();
  });
});
