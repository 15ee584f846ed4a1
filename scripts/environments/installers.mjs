import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkLock, lockPath, projectIn } from './project.mjs';

/** Stands for the registry in lock files that name one, so that they hold for any. */
const REGISTRY = '{registry}';

const NPM_OPTIONS = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];

/** Installs by npm what the lock file says. Without one: what is newest in the ranges. */
export const npm = {
  async install(row, project) {
    if (row.newest) {
      // What a cache holds is what was newest some day.
      const options = NPM_OPTIONS.map((each) => each.replace('offline', 'online'));
      return project.run('npm', ['install', '--no-package-lock', ...options]);
    }
    checkLock(row);
    copyFileSync(lockPath(row, 'package-lock.json'), project.path('package-lock.json'));
    return project.run('npm', ['ci', ...NPM_OPTIONS]);
  },
  async lock(row, project) {
    await project.run('npm', ['install', '--package-lock-only', ...NPM_OPTIONS]);
    keep(row, 'package-lock.json', withoutTarball(project.read('package-lock.json')));
  },
};

/** pnpm. */
export const pnpm = manager({
  tool: { pnpm: '10' },
  file: 'pnpm-lock.yaml',
  command: ['node_modules/.bin/pnpm'],
  install: ['install', '--no-frozen-lockfile', '--prefer-offline', '--ignore-scripts'],
  // The tarball under test has another checksum with each build.
  strip: (text) => text.replace(/(resolution: \{)integrity: \S+ (tarball: file:)/g, '$1$2'),
});

/** yarn 1. */
export const yarnClassic = manager({
  tool: { yarn: '1' },
  file: 'yarn.lock',
  command: ['node_modules/.bin/yarn'],
  install: ['install', '--prefer-offline', '--ignore-scripts', '--non-interactive'],
  strip: (text) =>
    withoutBlock(text).replaceAll(/(resolved ")https?:\/\/[^/]+\//g, `$1${REGISTRY}`),
});

/** yarn 4, which installs no node_modules: Plug'n'Play. */
export const yarnPnp = manager({
  tool: { '@yarnpkg/cli-dist': '4' },
  file: 'yarn.lock',
  command: ['node', 'node_modules/@yarnpkg/cli-dist/bin/yarn.js'],
  install: ['install', '--no-immutable', '--mode=skip-build'],
  strip: withoutBlock,
});

/** A package manager that npm has: installed beside the project, from a lock file of its own. */
function manager({ tool, file, command, install, strip }) {
  async function get(project, installTool) {
    const folder = `${project.folder}-tool`;
    mkdirSync(folder, { recursive: true });
    const beside = projectIn(folder);
    beside.write('package.json', JSON.stringify({ private: true, dependencies: tool }));
    await installTool(beside);
    const [program, ...args] = command.map((part) =>
      part.startsWith('node_modules/') ? join(folder, part) : part,
    );
    const env = { YARN_ENABLE_TELEMETRY: '0', YARN_NPM_REGISTRY_SERVER: await registry(project) };
    return {
      version: beside.version(Object.keys(tool)[0]),
      run: (options) => project.run(program, [...args, ...options], { env }),
    };
  }

  return {
    async install(row, project) {
      const manager = await get(project, async (beside) => {
        copyFileSync(lockPath(row, 'package-lock.json'), beside.path('package-lock.json'));
        await beside.run('npm', ['ci', ...NPM_OPTIONS]);
      });
      const lock = readFileSync(lockPath(row, file), 'utf8');
      project.write(file, lock.replaceAll(REGISTRY, await registry(project)));
      await manager.run(install);
      // For steps that run programs by it.
      project.manager = manager;
    },
    async lock(row, project) {
      const manager = await get(project, async (beside) => {
        await beside.run('npm', ['install', ...NPM_OPTIONS]);
        keep(row, 'package-lock.json', beside.read('package-lock.json'));
      });
      await manager.run(install);
      keep(row, file, strip(project.read(file)));
    },
  };
}

/** Where npm is set to get packages from, with a slash at the end. */
async function registry(project) {
  const { stdout } = await project.run('npm', ['config', 'get', 'registry']);
  return stdout.trim().replace(/\/*$/, '/');
}

function keep(row, file, text) {
  mkdirSync(lockPath(row), { recursive: true });
  writeFileSync(lockPath(row, file), text);
}

/** npm's lock file without the checksum of the tarball under test, which differs by build. */
function withoutTarball(text) {
  const lock = JSON.parse(text);
  delete lock.packages['node_modules/stepfunc-source'].integrity;
  return `${JSON.stringify(lock, null, 2)}\n`;
}

/** yarn's lock file without the entry of the tarball under test: yarn adds it. */
function withoutBlock(text) {
  return text.replace(/^"?stepfunc-source@file:.*\n(?: .*\n)+\n?/m, '');
}
