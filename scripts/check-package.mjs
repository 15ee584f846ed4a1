/**
 * Checks the package as its users get it: the packed tarball, and projects outside this one that
 * install it, load it, compile against it and run README.md's examples. Prints a line a check.
 *
 * A comment before a code block of README.md marks an example that is to run as it stands. It is
 * `<!-- example: quick-start -->` for the ES module and `<!-- example: quick-start-cjs -->` for
 * CommonJS. package/project/run-example.mjs says what such an example must do.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChecks } from './package/checks.mjs';
import { compile } from './package/compile.mjs';
import { checkInstall } from './package/install.mjs';
import { checkEntries, checkLate, checkNeedsPeer } from './package/entries.mjs';
import { createProject } from './package/project.mjs';
import { exampleOf } from './package/readme.mjs';
import {
  checkFiles,
  checkLinks,
  checkSize,
  checkTypeResolution,
  lintManifest,
  pack,
} from './package/tarball.mjs';

/** The entry points that cannot do without an optional peer, and which. The others must. */
const PEERS = {
  'stepfunc-source/locks/dynamodb': '@aws-sdk/client-dynamodb',
  'stepfunc-source/opentelemetry': '@opentelemetry/api',
};

/** How TypeScript may look for types. In Node's own modes, a project's type tells which are found. */
const NODE_MODES = [
  { module: 'Node16', moduleResolution: 'Node16' },
  { module: 'NodeNext', moduleResolution: 'NodeNext' },
];
const BUNDLER_MODE = { module: 'ESNext', moduleResolution: 'Bundler' };

const PROJECTS = [
  {
    type: 'module',
    example: { name: 'quick-start', file: 'example.mjs' },
    modes: [...NODE_MODES, BUNDLER_MODE],
  },
  {
    type: 'commonjs',
    example: { name: 'quick-start-cjs', file: 'example.cjs' },
    modes: NODE_MODES,
  },
];

const checks = createChecks();
const folder = mkdtempSync(join(tmpdir(), 'check-package-'));
try {
  await checks.run('npm ci warns of nothing', checkInstall);
  const tarball = await checks.run('build and pack', () => pack(folder));
  if (tarball !== undefined) {
    await checkTarball(tarball);
    for (const plan of PROJECTS) await checkProject(tarball, plan);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = checks.finish();

async function checkTarball(tarball) {
  await checks.run('files', () => checkFiles(tarball));
  await checks.run('links', () => checkLinks(tarball));
  await checks.run('unpacked size', () => checkSize(tarball));
  await checks.run('publint --strict', () => lintManifest(tarball));
  await checks.run('attw', () => checkTypeResolution(tarball));
}

async function checkProject(tarball, { type, example, modes }) {
  const check = (name, perform) => checks.run(`${type}: ${name}`, perform);
  const project = await check('install', () => createProject(join(folder, type), type, tarball));
  if (project === undefined) return;

  await check('entry points load', () => checkEntries(project, Object.keys(PEERS)));
  for (const [entry, peer] of Object.entries(PEERS)) {
    await check(`${entry} asks for its peer`, () => checkNeedsPeer(project, entry, peer));
  }
  await check('an import loads no package that can wait', () => checkLate(project));
  await check(`README's ${example.name} runs`, () => runExample(project, example));
  for (const mode of modes) {
    await check(`types by ${mode.moduleResolution}`, () =>
      compile(project, mode, ['no-peers.ts', 'stores.ts']),
    );
  }

  const peers = await check('install peers', () => project.installAsHere(Object.values(PEERS)));
  if (peers === undefined) return;
  await check('entry points load with peers', () => checkEntries(project, []));
  for (const mode of modes) {
    await check(`types with peers by ${mode.moduleResolution}`, () =>
      compile(project, mode, ['no-peers.ts', 'stores.ts', 'peers.ts']),
    );
  }
}

function runExample(project, { name, file }) {
  project.write(file, exampleOf(name));
  return { note: project.node('run-example.mjs', file).trim() };
}
