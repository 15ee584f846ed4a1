/**
 * `npm run check:newest`: runs the specs that have to do with the AWS SDK, undici and zod. They run in
 * a copy of the project, on the newest versions that package.json's ranges allow. Then runs the rows of
 * check:environments that install the newest. Changes by itself from day to day: not a part of CI's
 * every run, but weekly.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './package/run.mjs';

/** What is tried: the dependencies that have a life of their own. */
const NAMES = ['@aws-sdk/client-sfn', 'undici', 'zod'];

/** The specs that would notice. */
const SPECS = [
  ['unit', ['spec/unit/sfn', 'spec/unit/source', 'spec/unit/net', 'spec/unit/task']],
  [
    'integration',
    ['spec/integration/sfn-clients', 'spec/integration/http', 'spec/integration/source'],
  ],
];

const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'newest-'));
try {
  cpSync(root, folder, {
    recursive: true,
    filter: (path) => !/[/\\](node_modules|dist|coverage|\.git)$/.test(path),
  });
  run('npm', ['ci', '--prefer-offline']);
  run('npm', ['install', '--no-save', ...NAMES.map((name) => `${name}@${dependencies[name]}`)]);
  for (const name of NAMES) console.log(`${name} ${versionOf(name)}`);
  for (const [project, files] of SPECS) {
    run('npx', ['vitest', 'run', '--project', `${project}*`, ...files]);
  }
  run('npm', ['run', 'check:environments', '--', '--newest']);
  console.log('The newest dependencies work');
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function versionOf(name) {
  return JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8'))
    .version;
}

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: folder, stdio: 'inherit' });
  if (status === 0) return;
  rmSync(folder, { recursive: true, force: true });
  process.exit(1);
}
