/**
 * Builds dist: the library as CommonJS, and for each entry point an ES module that re-exports it.
 * Entry points are those of package.json's `exports`.
 *
 * Both ways in lead to the same code, so an `instanceof ConfigError` holds however the package was
 * loaded, and the package is half as large as with two builds.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const entries = Object.values(JSON.parse(readFileSync('package.json', 'utf8')).exports).filter(
  (entry) => typeof entry === 'object',
);

rmSync('dist', { recursive: true, force: true });
// Twice, as doc comments belong into the declarations, where editors look for them, and only there.
compile('--removeComments');
compile('--declaration', '--emitDeclarationOnly');
dropInternalDeclarations();
// The package's own type is "module": without this, Node would take these files for ES modules.
write('dist/cjs/package.json', '{ "type": "commonjs" }\n');
// zod takes most of the time that an import of the package takes, and only a config needs it. What
// runs a source is not needed before one starts.
loadWhenUsed('source/config.js', './config-schema.js');
loadWhenUsed('source/options.js', './config-schema.js');
loadWhenUsed('source/source.js', './session.js');
for (const entry of entries) writeEsmEntry(entry);

function compile(...flags) {
  const compiler = [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'];
  const { status } = spawnSync(process.execPath, [...compiler, ...flags], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

/** Only what an entry point's declarations lead to can be of use to anybody. */
function dropInternalDeclarations() {
  const reached = new Set();
  for (const entry of entries) reach(join(entry.require.types), reached);
  for (const file of readdirSync('dist/cjs', { recursive: true })) {
    const path = join('dist/cjs', file);
    if (path.endsWith('.d.ts') && !reached.has(path)) rmSync(path);
  }
}

/**
 * Moves a `require` of the compiler's from the top of a file to wherever its exports are used. Node
 * keeps a module that it has loaded, so later uses cost a look-up: nothing for a hot path.
 */
function loadWhenUsed(file, module) {
  const path = join('dist/cjs', file);
  const compiled = readFileSync(path, 'utf8');
  const [statement, name] =
    [...compiled.matchAll(/^const (\w+) = (require\("[^"]+"\));$/gm)].find(([line]) =>
      line.endsWith(`require("${module}");`),
    ) ?? [];
  if (statement === undefined) {
    throw new Error(`Expected ${path} to require "${module}". Mend its line in scripts/build.mjs.`);
  }
  const uses = compiled.replace(statement, '').replaceAll(`${name}.`, `${name}().`);
  writeFileSync(path, uses.replace('\n', `\nconst ${name} = () => require("${module}");\n`));
}

function reach(file, reached) {
  if (reached.has(file)) return;
  reached.add(file);
  for (const [, target] of readFileSync(file, 'utf8').matchAll(/['"](\.[^'"]*)\.js['"]/g)) {
    reach(join(dirname(file), `${target}.d.ts`), reached);
  }
}

function writeEsmEntry({ import: esm, require: cjs }) {
  const from = posix.relative(posix.dirname(esm.default), cjs.default);
  const names = Object.keys(require(`../${cjs.default}`));
  write(esm.default, `export { ${names.join(', ')} } from '${from}';\n`);
  write(esm.types, `export * from '${from}';\n`);
}

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
