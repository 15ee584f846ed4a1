import { describe, expect, it } from 'vitest';
import { readPage } from '../docs/pages.js';
import { fits } from './planted/changes.mjs';
import { faults } from './planted/faults.mjs';

const page = readPage('docs/testing-strategy.md');

describe('planted faults', () => {
  it.each(faults)('$name fits into lib as it is', (fault) => {
    expect(fits(fault)).toBe(true);
  });

  it('have a row each in docs/testing-strategy.md, in the same order', () => {
    const rows = page.table('Planted faults').map(([name, what]) => [name, what]);
    expect(rows).toEqual(faults.map(({ name, what }) => [name, what]));
    expect(page.text).toContain(`All ${faults.length} were found`);
  });
});
