import { arch, platform } from 'node:process';
import { withBrokenSdk, withFutureSdk } from './future-sdk.mjs';
import { command, program, readme, tasks, tests } from './steps.mjs';
import { typesBy } from './types.mjs';

/** The machines that npm has programs for, as far as a lock file of ours holds for them. */
const MACHINES = ['linux-x64', 'linux-arm64'];

/** npm's packages of a program, one a machine. */
const BINARIES = {
  node: (machine) => `node-${machine}`,
  bun: (machine) => `@oven/bun-${machine.replace('arm64', 'aarch64')}`,
  deno: (machine) => `@deno/${machine}-glibc`,
};

/** The part of a row that needs a program: npm's packages of it, its path, its version. */
function withBinary(name, version, path) {
  const machine = `${platform}-${arch}`;
  const here = BINARIES[name](machine);
  const packages = MACHINES.map((each) => [BINARIES[name](each), version]);
  const isThere = (project) => project.has('node_modules', here);
  return {
    program: `node_modules/${here}/${path}`,
    optional: Object.fromEntries(packages),
    missing: (project) => (isThere(project) ? undefined : `npm has no ${name} for ${machine}`),
    // Some of Node's packages write it with a v.
    shows: (project) => project.version(here).replace(/^v/, ''),
  };
}

export function node(version, note) {
  const { program: path, ...binary } = withBinary('node', version, 'bin/node');
  return {
    id: `node-${version}`,
    group: 'Node.js',
    name: note === undefined ? `Node.js ${version}` : `Node.js ${version}, ${note}`,
    ...binary,
    steps: [
      ...tasks([path]),
      program('in a worker thread', 'in-worker-thread.mjs', [path]),
      ...readme([path]),
    ],
  };
}

export function runtime(name, package_, version, [path, ...args]) {
  const { program: file, ...binary } = withBinary(package_, version, path);
  return { id: package_, group: 'Other runtimes', name, ...binary, steps: tasks([file, ...args]) };
}

export function typescript(version, modes, note) {
  const types = { '@types/node': '20', '@aws-sdk/client-dynamodb': '3', '@opentelemetry/api': '1' };
  return {
    id: `typescript-${version}`,
    group: 'TypeScript',
    name: note === undefined ? `TypeScript ${version}` : `TypeScript ${version}, ${note}`,
    packages: { typescript: version, ...types },
    shows: (project) => project.version('typescript'),
    steps: modes.map(typesBy),
  };
}

export function bundler(name, packages, steps) {
  const shows = (project) => project.version(Object.keys(packages)[0]);
  return { id: name, group: 'Bundlers', name, packages, shows, steps };
}

/** For a busy machine. */
const LONG = '--testTimeout 60000';

export function jest(version) {
  return {
    id: `jest-${version}`,
    group: 'Test runners',
    name: `Jest ${version}`,
    packages: { jest: version },
    shows: (project) => project.version('jest'),
    steps: [
      command('tasks in a test', `jest ${LONG} --testMatch "**/jest.test.cjs"`),
      command(
        'tasks in an ES module',
        `NODE_OPTIONS=--experimental-vm-modules jest ${LONG} --testMatch "**/jest-esm.test.mjs"`,
      ),
      tests('jest'),
    ],
  };
}

export function managed(name, installer, steps) {
  const id = name.toLowerCase().replaceAll(/[^a-z]+/g, '-');
  const shows = ({ manager }) => manager.version;
  return { id, group: 'Package managers', name, installer, shows, steps };
}

/** A project that has an undici of its own, and gives its Agent to `httpInvoke`. */
export function ownUndici(version, nodeVersion) {
  const { program: path, ...binary } =
    nodeVersion === undefined ? {} : withBinary('node', nodeVersion, 'bin/node');
  return {
    id: `undici-${version}`,
    group: 'Beside other versions',
    name: `undici ${version}'s Agent${nodeVersion === undefined ? '' : `, on Node.js ${nodeVersion}`}`,
    ...binary,
    packages: { undici: version },
    shows: (project) => project.version('undici'),
    steps: [program('import', 'own-undici.mjs', [path ?? 'node'])],
  };
}

/** Node.js 20 with an AWS SDK that asks for a later one. */
export function futureSdk(nodeVersion) {
  const { program: path, ...binary } = withBinary('node', nodeVersion, 'bin/node');
  return {
    id: 'sdk-2027',
    group: 'Beside other versions',
    name: `an AWS SDK that asks for Node.js 22, on Node.js ${nodeVersion}`,
    ...binary,
    shows: (project) => project.version('@aws-sdk/client-sfn'),
    steps: [...withFutureSdk(path), ...tasks([path]), withBrokenSdk(path)],
  };
}
