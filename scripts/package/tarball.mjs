import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { root, run, runTool } from './run.mjs';

const MAX_UNPACKED_BYTES = 600_000;

/** Not made by the build, and needed by everybody. */
const PLAIN_FILES = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json'];

/** Builds the package and packs it into a folder. */
export function pack(folder) {
  run('npm', ['run', 'build']);
  // The build that prepack would run again, and print into the JSON, has just been.
  const options = ['--ignore-scripts', '--json', '--pack-destination', folder];
  const [packed] = JSON.parse(run('npm', ['pack', ...options]));
  return {
    file: join(folder, packed.filename),
    paths: packed.files.map(({ path }) => path),
    unpackedSize: packed.unpackedSize,
    note: `${packed.filename}, ${packed.size} bytes`,
  };
}

/** What the build makes is there, and nothing else but files of the repository. */
export function checkFiles({ paths }) {
  const targets = exportTargets();
  const tracked = new Set(run('git', ['ls-files']).split('\n'));
  const examples = [...tracked].filter(
    (path) => path.startsWith('examples/') && !path.endsWith('.test.yaml'),
  );
  const missing = [...PLAIN_FILES, ...targets, ...examples].filter((path) => !paths.includes(path));
  const unexpected = paths.filter((path) => !tracked.has(path) && !isBuilt(path, targets));
  const mapped = paths.filter((path) => /\/\/# sourceMappingURL=/.test(read(path)));
  complain('missing', missing);
  complain('unexpected', unexpected);
  complain('with a source map that is not there', mapped);
  return { note: `${paths.length} files` };
}

/**
 * What a page or a doc comment points to is in the package too: whoever reads it in node_modules has
 * no repository beside it. What is in the repository only is named without a link.
 */
export function checkLinks({ paths }) {
  const there = new Set(paths);
  const found = paths.flatMap((path) => linksIn(path).map((target) => ({ path, target })));
  const broken = found.filter(({ target }) => !there.has(target));
  complain(
    'links to what is not in the package',
    broken.map(({ path, target }) => `${path} -> ${target}`),
  );
  return { note: `${found.length} links` };
}

/** The files that a page links to, and that a declaration's comments name, as paths in the package. */
function linksIn(path) {
  const text = read(path);
  if (path.endsWith('.d.ts')) {
    return [...text.matchAll(/\b(?:docs|examples)\/[\w./-]+\w|\bREADME\.md/g)].map(
      ([name]) => name,
    );
  }
  if (!path.endsWith('.md')) return [];
  // Code has brackets of its own.
  const prose = text.replaceAll(/^ *```.*?^ *```$/gms, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => posix.join(posix.dirname(path), target));
}

/** The package is small. */
export function checkSize({ unpackedSize }) {
  const note = `${unpackedSize} bytes, of ${MAX_UNPACKED_BYTES} at most`;
  if (unpackedSize >= MAX_UNPACKED_BYTES) throw new Error(note);
  return { note };
}

/** The manifest says of the files what is true, to Node and to bundlers. */
export function lintManifest({ file }) {
  runTool('publint', ['run', file, '--strict']);
}

/** Types and code resolve alike in every module system. */
export function checkTypeResolution({ file }) {
  runTool('attw', [file, '--no-emoji', '--no-color']);
}

/** The files that the entry points name, as paths in the package. */
function exportTargets() {
  const { exports } = JSON.parse(read('package.json'));
  const leaves = (node) =>
    typeof node === 'string' ? [node] : Object.values(node).flatMap((child) => leaves(child));
  return leaves(exports).map((target) => target.replace('./', ''));
}

/** An entry point, a chunk that entry points share, or what tells Node the format. */
function isBuilt(path, targets) {
  if (targets.includes(path) || path === 'dist/cjs/package.json') return true;
  return /^dist\/cjs\/chunks\/[\w-]+(?:\.d\.ts|\.js)$/.test(path);
}

function read(path) {
  return readFileSync(join(root, path), 'utf8');
}

function complain(what, paths) {
  if (paths.length > 0) throw new Error(`${what}: ${paths.join(', ')}`);
}
