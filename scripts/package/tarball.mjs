import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, runTool } from './run.mjs';

const MAX_UNPACKED_BYTES = 600_000;

/** Everything in the tarball that is not made by the build. */
const PLAIN_FILES = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];

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

/** Everything that belongs into the package is there, and nothing else. */
export function checkFiles({ paths }) {
  const targets = exportTargets();
  const missing = [...PLAIN_FILES, ...targets].filter((path) => !paths.includes(path));
  const unexpected = paths.filter((path) => !isExpected(path, targets));
  const mapped = paths.filter((path) => /\/\/# sourceMappingURL=/.test(read(path)));
  complain('missing', missing);
  complain('unexpected', unexpected);
  complain('with a source map that is not there', mapped);
  return { note: `${paths.length} files` };
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

/** CommonJS mirrors lib; beside it there are the entry points, and what tells Node the format. */
function isExpected(path, targets) {
  if (PLAIN_FILES.includes(path) || targets.includes(path)) return true;
  if (path === 'dist/cjs/package.json') return true;
  const name = /^dist\/cjs\/(.+?)(?:\.d\.ts|\.js)$/.exec(path)?.[1];
  return name !== undefined && existsSync(join(root, 'lib', `${name}.ts`));
}

function read(path) {
  return readFileSync(join(root, path), 'utf8');
}

function complain(what, paths) {
  if (paths.length > 0) throw new Error(`${what}: ${paths.join(', ')}`);
}
