import { expect, it } from 'vitest';
import { inOwnWords, isInOwnWords } from '../../../lib/common/own-words.js';

it('marks an error, and shows nothing of the mark', () => {
  const error = inOwnWords(new TypeError('ours'));
  expect(isInOwnWords(error)).toBe(true);
  expect(Object.keys(error)).toEqual([]);
  for (const other of [new TypeError('ours'), undefined, null, 'ours', {}]) {
    expect(isInOwnWords(other)).toBe(false);
  }
});
