import { describe, expect, it } from 'vitest';
import { found } from './found.js';
import { simulate } from './simulate.js';

describe('what a search has found does not happen again', () => {
  it.each(found)('$what', async ({ plan }) => {
    const { violation } = await simulate(plan);
    expect(violation?.message).toBeUndefined();
  });
});
