/**
 * Builds dist: the library as CommonJS, and for each entry point an ES module that re-exports it.
 * Entry points are those of package.json's `exports`.
 *
 * Both ways in lead to the same code. So an `instanceof ConfigError` holds however the package was
 * loaded, and the package is half as large as with two builds. What several entry points share lies
 * in dist/cjs/chunks. Two dozen files in place of two hundred load sooner and take less room. Nothing
 * is renamed or minified, so a stack trace still names lib's own functions.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

const require = createRequire(import.meta.url);
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const entries = Object.values(JSON.parse(readFileSync('package.json', 'utf8')).exports).filter(
  (entry) => typeof entry === 'object',
);
/** As they are called in lib: `testing/index`. */
const names = entries.map(({ require: { default: file } }) =>
  file.replace(/^\.\/dist\/cjs\/|\.js$/g, ''),
);

/**
 * Modules that the main entry point loads when it first uses them. zod would take most of the time of
 * an import of the package, and only a config needs it. What runs a source is not needed before one
 * starts.
 */
const LAZY = ['config-schema', 'session'];
/** A package that what an import of the main entry point loads needs only to run. */
const LAZY_PACKAGE = 'abort-controller-x';

rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');
// In dist, so that what is compiled finds the packages that it imports.
const compiled = mkdtempSync(join('dist', 'compiled-'));
try {
  // Twice, as doc comments belong into the declarations, where editors look for them, and only there.
  compile('--removeComments', '--outDir', join(compiled, 'js'));
  compile('--declaration', '--emitDeclarationOnly', '--outDir', join(compiled, 'types'));
  const lazy = LAZY.map((name) => [`chunks/${name}`, `./source/${name}.js`]);
  const output = { format: 'cjs', exports: 'named', esModule: true, strict: true };
  await bundle('js', '.js', Object.fromEntries(lazy), output, [leaveLazyImports(), plainExports()]);
  // Declarations that no entry point leads to are of use to nobody, and stay behind.
  const plugins = [dts({ dtsInput: true, tsconfig: false })];
  await bundle('types', '.d.ts', {}, { format: 'es' }, plugins);
} finally {
  rmSync(compiled, { recursive: true });
}
// The package's own type is "module": without this, Node would take these files for ES modules.
write('dist/cjs/package.json', '{ "type": "commonjs" }\n');
for (const entry of entries) writeEsmEntry(entry);

function compile(...flags) {
  const compiler = [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'];
  const { status } = spawnSync(process.execPath, [...compiler, ...flags], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

/** Puts the entry points, and what they share, into dist/cjs. */
async function bundle(folder, extension, others, output, plugins) {
  const build = await rolldown({
    cwd: join(process.cwd(), compiled, folder),
    input: {
      ...Object.fromEntries(names.map((name) => [name, `./${name}${extension}`])),
      ...others,
    },
    external: (id) => !/^[./]/.test(id),
    platform: 'node',
    plugins,
  });
  await build.write({
    ...output,
    dir: join(process.cwd(), 'dist', 'cjs'),
    entryFileNames: `[name]${extension}`,
    chunkFileNames: `chunks/[name]${extension}`,
  });
  await build.close();
}

/**
 * Bundles lazy modules apart: whoever imports one loads its chunk when it first uses it. Node keeps a
 * module that it has loaded, so later uses cost a look-up: nothing for a hot path.
 */
function leaveLazyImports() {
  const seen = new Set();
  return {
    name: 'lazy',
    resolveId(id, importer) {
      const name = /([\w-]+)\.js$/.exec(id)?.[1];
      if (importer === undefined || !LAZY.includes(name)) return null;
      return { id: `lazy:${name}`, external: true };
    },
    renderChunk(code, { fileName }) {
      return code.replaceAll(/^let (\w+) = require\("lazy:([\w-]+)"\);$/gm, (_, variable, name) => {
        seen.add(name);
        const chunk = posix.relative(posix.dirname(fileName), `chunks/${name}.js`);
        return `const ${variable} = () => require("./${chunk}");`;
      });
    },
    generateBundle(_, bundle) {
      const eager = ['index.js'];
      for (const name of eager) {
        const file = bundle[name];
        eager.push(...file.imports.filter((id) => id in bundle && !eager.includes(id)));
        file.code = file.code.replace(
          new RegExp(`^let (\\w+) = require\\("${LAZY_PACKAGE}"\\);$`, 'm'),
          `const $1 = () => require("${LAZY_PACKAGE}");`,
        );
      }
      for (const file of Object.values(bundle)) {
        for (const [, variable] of file.code.matchAll(/^const (\w+) = \(\) => require\(/gm)) {
          // In parentheses, as `new x().y` would call x by `new`.
          file.code = file.code.replaceAll(`${variable}.`, `(${variable}()).`);
        }
      }
      const missing = LAZY.filter((name) => !seen.has(name));
      if (missing.length > 0) throw new Error(`Nothing imports ${missing.join()}: mend LAZY`);
    },
  };
}

/**
 * Exports by value. rolldown writes a getter for each, in six lines: an importer of an ES module sees
 * every later value of a variable. Here none changes.
 */
function plainExports() {
  const getter =
    /^Object\.defineProperty\(exports, "(\w+)", \{\n\tenumerable: true,\n\tget: function\(\) \{\n\t\treturn (\w+);\n\t\}\n\}\);$/gm;
  return {
    name: 'plain-exports',
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        file.code = file.code.replaceAll(getter, (_, name, value) => {
          const constant = `^(?:const ${value}|(?:async )?function\\*? ${value}|var ${value} = class)\\b`;
          if (new RegExp(constant, 'm').test(file.code)) return `exports.${name} = ${value};`;
          throw new Error(`${file.fileName} exports ${value}, which may change`);
        });
        if (file.code.includes('get: function')) throw new Error(`${file.fileName} has getters`);
      }
    },
  };
}

function writeEsmEntry({ import: esm, require: cjs }) {
  const from = posix.relative(posix.dirname(esm.default), cjs.default);
  const exported = Object.keys(require(`../${cjs.default}`)).filter((name) => /^\w+$/.test(name));
  write(esm.default, `export { ${exported.join(', ')} } from '${from}';\n`);
  write(esm.types, `export * from '${from}';\n`);
}

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
