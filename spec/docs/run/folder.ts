import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledFolder, packageJson, toJavaScript } from '../../support/compiled.js';
import { moduleOf } from '../module.js';
import type { Block } from '../pages.js';
import { root } from '../pages.js';
import { variablesOf } from '../preamble.js';

type OnEnd = (remove: () => Promise<void>) => void;
type Change = (text: string) => string;

/**
 * Writes a block into a folder such as its reader has, with packages installed, and certificates;
 * `onEnd` gets the function that removes it. In TypeScript it exports what it declares, for whoever goes on
 * with it. Returns where the file is.
 */
export async function write(block: Block, onEnd: OnEnd, change: Change = same): Promise<string> {
  const { folder, name, text } = await prepare(block, onEnd, change);
  await link(join(root, 'spec/docs/assumed'), join(folder, 'assumed'));
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

/** The same as a program in JavaScript, which finds `stepfunc-source` without anybody's help. */
export async function writeProgram(
  block: Block,
  onEnd: OnEnd,
  change: Change = same,
): Promise<string> {
  const { folder, name, text } = await prepare(block, onEnd, change);
  await link(join(compiledFolder, 'spec/docs/assumed'), join(folder, 'assumed'));
  await link(join(compiledFolder, 'lib'), join(folder, 'lib'));
  await writeFile(join(folder, 'package.json'), packageJson);
  const file = join(folder, name.replace(/mts$/, 'mjs'));
  await writeFile(file, block.language === 'ts' ? await toJavaScript(text, name) : text);
  return file;
}

const same: Change = (text) => text;
const link = (from: string, to: string) => symlink(from, to, 'junction');

async function prepare(block: Block, onEnd: OnEnd, change: Change) {
  const folder = await mkdtemp(join(tmpdir(), 'docs-'));
  onEnd(() => rm(folder, { recursive: true }));
  await link(join(root, 'node_modules'), join(folder, 'node_modules'));
  await cp(join(root, 'spec/docs/certificates'), folder, { recursive: true });
  const { name, text } = moduleOf(block);
  const exported = block.language === 'ts' ? `export { ${variablesOf(block).join(', ')} };\n` : '';
  return { folder, name, text: change(text) + exported };
}
