import { mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The project as JavaScript, for the processes that specs start: a start by tsx takes two to three
 * times as much of the CPU. Files are compiled anew when they have changed, one by one and without a
 * look at their types. So line numbers, and all that is seen from inside, are as in the source.
 */
const root = fileURLToPath(new URL('../../', import.meta.url));
/** Below node_modules, so that packages are found. */
export const compiledFolder = join(root, 'node_modules/.cache/stepfunc-source/compiled');

const folders = [
  'lib',
  'spec/support',
  'spec/docs',
  'spec/cluster',
  'spec/integration/locks',
  'demo',
  'examples',
];

/** As users import it: what is compiled finds `stepfunc-source` by itself. */
export const packageJson = JSON.stringify({
  name: 'stepfunc-source',
  type: 'module',
  exports: {
    '.': './lib/index.js',
    './testing': './lib/testing/index.js',
    './*': './lib/*.js',
  },
});

/** Compiles what has changed since the last time: vitest's globalSetup. */
export async function compileProject(): Promise<void> {
  for (const folder of folders) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      const file = join(root, folder, name);
      if (!/\.(ts|yaml)$/.test(name) || /node_modules|\.spec\.ts$/.test(name)) continue;
      if (changedMs(file) > changedMs(compiledOf(file))) await compile(file);
    }
  }
  write(join(compiledFolder, 'package.json'), packageJson);
}

export default compileProject;

/** Where a file of the project is as JavaScript. */
export function compiledOf(file: string): string {
  return join(compiledFolder, relative(root, file)).replace(/ts$/, 'js');
}

/** The text of a module in TypeScript as one in JavaScript. */
export async function toJavaScript(text: string, fileName: string): Promise<string> {
  const { default: ts } = await import('typescript');
  const { outputText } = ts.transpileModule(text, {
    fileName,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ES2022,
      importHelpers: true,
    },
  });
  return outputText;
}

async function compile(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  write(compiledOf(file), file.endsWith('.ts') ? await toJavaScript(text, file) : text);
}

function changedMs(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Another run may read the file meanwhile: it sees the one before or this one, whole. */
function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, text);
  renameSync(beside, file);
}
