import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeFromPage } from './page.mjs';

const PAGE = 'docs/bundling.md';

/**
 * Bundles as docs/bundling.md says, word for word. Then runs the bundle as the last line of its command
 * does, in a folder that has nothing but `dist`.
 */
export async function bundle(project, name) {
  const shell = takeFromPage(project, PAGE, 'bundle', name);
  const [, build, start] = /^(.+)\n(node dist\/\S+)$/s.exec(shell) ?? [];
  if (start === undefined) {
    throw new Error(`${PAGE}: the last line of ${name}'s block sh must be node dist/…`);
  }
  await project.run('bash', ['-euc', build]);

  const empty = mkdtempSync(join(tmpdir(), 'bundle-'));
  try {
    cpSync(project.path('dist'), join(empty, 'dist'), { recursive: true });
    await project.run('bash', ['-euc', start], { cwd: empty });
  } finally {
    rmSync(empty, { recursive: true, force: true });
    rmSync(project.path('dist'), { recursive: true, force: true });
  }
}
