/**
 * Publishes the version in package.json to npm, with provenance. CONTRIBUTING.md has the steps.
 *
 *     npm run release -- --dry-run     checks everything and packs; publishes nothing
 *     npm run release                  the same, and publishes: for CI, which can sign
 *
 * It stops before anything is built if the version, the changelog, the tag or the tree is not in
 * order. It says everything that is wrong at once.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { problemsOf } from './release/problems.mjs';

const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } });
const dryRun = values['dry-run'];

const manifest = readJson('package.json');
const { name, version } = manifest;
const problems = problemsOf(
  {
    manifest,
    lock: readJson('package-lock.json'),
    changelog: readFileSync('CHANGELOG.md', 'utf8'),
    changes: git('status', '--porcelain').output.split('\n').filter(Boolean),
    tagged: whereTagIs(`v${version}`),
    onMain: ['origin/main', 'main'].some(
      (main) => git('merge-base', '--is-ancestor', 'HEAD', main).ok,
    ),
    origin: git('remote', 'get-url', 'origin').output,
    canSign: ['ACTIONS_ID_TOKEN_REQUEST_URL', 'SIGSTORE_ID_TOKEN'].some((key) => process.env[key]),
  },
  { dryRun },
);

if (problems.length > 0) {
  console.error(`${name} ${version} can't be released:`);
  for (const problem of problems) console.error(`- ${problem}`);
  process.exitCode = 1;
} else {
  // The build and the checks of the tarball come first: what is published can't be taken back.
  run('npm', 'run', 'check:package');
  const mode = dryRun ? ['--dry-run'] : ['--provenance'];
  // A version such as 1.2.3-rc.1 must not become what everybody installs.
  const tag = version.includes('-') ? 'next' : 'latest';
  run('npm', 'publish', '--access', 'public', '--tag', tag, ...mode);
  console.log(`${name} ${version}: ${dryRun ? 'ready; nothing was published' : 'published'}`);
}

function whereTagIs(tag) {
  const tagged = git('rev-parse', '--verify', '--quiet', `${tag}^{commit}`);
  if (!tagged.ok) return 'missing';
  return tagged.output === git('rev-parse', 'HEAD').output ? 'here' : 'elsewhere';
}

function git(...args) {
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8' });
  return { ok: status === 0, output: stdout.trim() };
}

function run(command, ...args) {
  console.log(`> ${[command, ...args].join(' ')}`);
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status === 0) return;
  console.error(`${command} ${args[0]} failed: nothing after it was done`);
  process.exit(1);
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
