import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The package under test, by the name that every lock file has for it. */
const TARBALL = 'stepfunc-source.tgz';

/** Where a row's lock file is kept, by the name that its package manager has for it. */
export function lockPath(row, file = '') {
  return join(here, 'locks', row.id, file);
}

/** The package.json of a row's project, as its lock file was made for. */
export function manifestOf({ packages = {}, optional = {}, extra = {} }) {
  return {
    name: 'environment',
    private: true,
    dependencies: { 'stepfunc-source': `file:./${TARBALL}`, ...packages },
    optionalDependencies: optional,
    ...extra,
  };
}

/** Lays out a row's project in an empty folder: programs, package.json, tarball. Nothing is installed. */
export function layOut(row, folder, tarball) {
  mkdirSync(folder, { recursive: true });
  cpSync(join(here, 'programs'), folder, { recursive: true });
  copyFileSync(tarball, join(folder, TARBALL));
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifestOf(row), null, 2));
  return projectIn(folder);
}

/** npm installs what a lock file says of our own dependencies, whether or not they have changed. */
export function checkLock(row) {
  const lock = lockPath(row, 'package-lock.json');
  const entry = readJson(lock).packages['node_modules/stepfunc-source'];
  const { dependencies } = readJson(join(here, '..', '..', 'package.json'));
  const sorted = (object) => JSON.stringify(Object.entries(object).sort());
  if (sorted(entry.dependencies) !== sorted(dependencies)) {
    throw new Error(`${lock} is out of date: npm run environments:lock`);
  }
}

/** A project in a folder. */
export function projectIn(folder) {
  return {
    folder,
    path: (...names) => join(folder, ...names),
    write(name, text) {
      writeFileSync(join(folder, name), text);
    },
    read: (name) => readFileSync(join(folder, name), 'utf8'),
    edit(name, change) {
      writeFileSync(join(folder, name), JSON.stringify(change(readJson(join(folder, name)))));
    },
    has: (...names) => existsSync(join(folder, ...names)),
    /** The version of a package that was installed. */
    version: (name) => readJson(join(folder, 'node_modules', name, 'package.json')).version,
    /** Runs a command in the project, that of an installed package before any other of that name. */
    run: (command, args, options = {}) =>
      run(command, args, {
        cwd: folder,
        ...options,
        env: {
          PATH: `${join(folder, 'node_modules', '.bin')}:${process.env.PATH}`,
          ...options.env,
        },
      }),
  };
}

export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
