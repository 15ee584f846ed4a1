import { describe, expect, it } from 'vitest';
import { closestKey } from '../../../lib/common/suggest-key.js';

const known = ['path', 'maxConcurrency', 'client', 'logger'];

describe('closestKey', () => {
  it.each([
    ['maxconcurrency', 'maxConcurrency'],
    ['MAX-CONCURRENCY', 'maxConcurrency'],
    ['maxConcurency', 'maxConcurrency'],
    ['logging', undefined],
    ['loger', 'logger'],
    ['clients', 'client'],
    ['concurrency', 'maxConcurrency'],
    ['con', undefined],
    ['paht', undefined],
    ['url', undefined],
    ['', undefined],
    ['x'.repeat(100_000), undefined],
  ])('%s -> %s', (unknown, meant) => {
    expect(closestKey(unknown, known)).toBe(meant);
  });
});
