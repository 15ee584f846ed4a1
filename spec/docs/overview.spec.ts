import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readPage, root } from './pages.js';

it('the picture in the README is what its script draws', () => {
  const script = join(root, 'scripts/draw-overview.mjs');
  const { stderr, status } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(readPage('README.md').links).toContain('docs/overview.svg');
});
