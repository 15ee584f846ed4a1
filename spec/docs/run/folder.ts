import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { moduleOf } from '../module.js';
import type { Block } from '../pages.js';
import { root } from '../pages.js';
import { variablesOf } from '../preamble.js';

/**
 * Writes a block into a folder such as its reader has, with packages installed, and certificates;
 * `onEnd` gets the function that removes it. In TypeScript it exports what it declares, for whoever goes on
 * with it. Returns where the file is.
 */
export async function write(
  block: Block,
  onEnd: (remove: () => Promise<void>) => void,
  change: (text: string) => string = (text) => text,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'docs-'));
  onEnd(() => rm(folder, { recursive: true }));
  const link = (from: string, name: string) =>
    symlink(join(root, from), join(folder, name), 'junction');
  await link('node_modules', 'node_modules');
  await link('spec/docs/assumed', 'assumed');
  await cp(join(root, 'spec/docs/certificates'), folder, { recursive: true });

  const { name, text } = moduleOf(block);
  const exported = block.language === 'ts' ? `export { ${variablesOf(block).join(', ')} };\n` : '';
  const file = join(folder, name);
  await writeFile(file, change(text) + exported);
  return file;
}
