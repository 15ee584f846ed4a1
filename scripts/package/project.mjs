import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, run } from './run.mjs';

const SOURCES = ['run-example.mjs', 'no-peers.ts', 'stores.ts', 'peers.ts'];

/** A project outside this one, `module` or `commonjs`, that has installed the tarball and nothing else. */
export function createProject(folder, type, tarball) {
  mkdirSync(folder);
  write('package.json', JSON.stringify({ name: 'scratch', private: true, type }));
  for (const name of SOURCES) {
    copyFileSync(fileURLToPath(new URL(`project/${name}`, import.meta.url)), join(folder, name));
  }
  install([tarball.file]);

  function write(name, text) {
    writeFileSync(join(folder, name), text);
  }

  function install(packages) {
    const options = ['--prefer-offline', '--no-audit', '--no-fund'];
    run('npm', ['install', ...options, ...packages], folder);
  }

  return {
    folder,
    write,
    /** Installs packages in the versions that the project itself is tested with. */
    installAsHere(names) {
      const packages = names.map((name) => `${name}@${versionHere(name)}`);
      install(packages);
      return { note: packages.join(', ') };
    },
    /** The package's entry points, as they are imported: `stepfunc-source/http`. */
    entries() {
      const manifest = join(folder, 'node_modules', 'stepfunc-source', 'package.json');
      return Object.keys(JSON.parse(readFileSync(manifest, 'utf8')).exports)
        .filter((entry) => !entry.endsWith('.json'))
        .map((entry) => entry.replace('.', 'stepfunc-source'));
    },
    /** Runs code as this project's own, and returns what it printed. */
    node: (...args) => run(process.execPath, args, folder),
  };
}

function versionHere(name) {
  const manifest = join(root, 'node_modules', name, 'package.json');
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}
