import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Facts } from '../../scripts/release/problems.mjs';
import { problemsOf } from '../../scripts/release/problems.mjs';

const script = fileURLToPath(new URL('../../scripts/release.mjs', import.meta.url));

const version = '1.2.3';
const manifest = { name: 'package', version, repository: { url: 'git+https://example.com/a.git' } };
const lock = { version, packages: { '': { version } } };
const changelog = `# Changelog

## [Unreleased]

## [1.2.3] - 2026-11-27

### Added

- Something.
`;

const ready: Facts = {
  manifest,
  lock,
  changelog,
  changes: [],
  tagged: 'here',
  onMain: true,
  origin: undefined,
  canSign: true,
};

describe('what stands in the way of a release', () => {
  it('is nothing, if all is in order', () => {
    expect(problemsOf(ready, { dryRun: false })).toEqual([]);
  });

  it('is nothing for a dry run, before the tag is set and outside of CI', () => {
    const early: Facts = { ...ready, tagged: 'missing', canSign: false };
    expect(problemsOf(early, { dryRun: true })).toEqual([]);
    expect(problemsOf(early, { dryRun: false })).toHaveLength(2);
  });

  it.each<[string, Partial<Facts>, string]>([
    ['a tag elsewhere', { tagged: 'elsewhere' }, 'The tag v1.2.3 is not at HEAD'],
    ['no tag', { tagged: 'missing' }, 'HEAD has no tag v1.2.3'],
    ['no CI', { canSign: false }, 'Provenance needs a CI job'],
    ['a changed tree', { changes: ['?? new.txt'] }, '?? new.txt'],
    ['another branch', { onMain: false }, 'HEAD is not on main'],
    ['a version that is none', { manifest: { ...manifest, version: '1.2' } }, 'got 1.2'],
    [
      'a lock file of another version',
      { lock: { version: '1.2.2' } },
      'package-lock.json has version 1.2.2, package.json 1.2.3',
    ],
    [
      'no such version in the changelog',
      { changelog: changelog.replace(version, '1.2.2') },
      'CHANGELOG.md has no section "## [1.2.3] - YYYY-MM-DD"',
    ],
    [
      'a version without a date',
      { changelog: changelog.replace(' - 2026-11-27', '') },
      'expected "## [1.2.3] - YYYY-MM-DD", got "## [1.2.3]"',
    ],
    [
      'a version without changes',
      { changelog: changelog.replace('- Something.', '') },
      'the section of 1.2.3 lists no change',
    ],
    [
      'changes that were not moved',
      { changelog: changelog.replace('[Unreleased]', '[Unreleased]\n\n- Else') },
      'move what is under [Unreleased] to 1.2.3',
    ],
    [
      'no repository',
      { manifest: { name: 'package', version } },
      'Run: npm pkg set repository.type=git repository.url=git+https://<host>/<owner>/<project>.git',
    ],
    [
      'no repository beside an origin',
      { manifest: { name: 'package', version }, origin: 'git@example.com:owner/package.git' },
      'repository.url=git+https://example.com/owner/package.git, and commit it',
    ],
    [
      'the repository of another origin',
      { origin: 'https://user:secret@example.com/owner/package.git' },
      "repository is git+https://example.com/a.git, but git's origin is https://example.com/owner/package",
    ],
    ['a private package', { manifest: { ...manifest, private: true } }, 'package.json is private'],
  ])('is %s', (_, change, problem) => {
    expect(problemsOf({ ...ready, ...change }, { dryRun: false }).join('\n')).toContain(problem);
  });
});

describe("the origin of the manifest's repository", () => {
  it.each([
    'https://example.com/a.git',
    'https://example.com/a',
    'git@example.com:a.git',
    'ssh://git@example.com:22/a.git',
    '/srv/git/a.git',
    '../a',
    '',
  ])('may be %s', (origin) => {
    expect(problemsOf({ ...ready, origin }, { dryRun: false })).toEqual([]);
  });
});

describe('scripts/release.mjs', () => {
  it('in a dry run checks the package, packs it, and publishes nothing', () => {
    const { code, stdout, stderr, ran } = createProject().release(['--dry-run']);
    expect(stderr).toBe('');
    expect(ran).toEqual(['run check:package', 'publish --access public --tag latest --dry-run']);
    expect(stdout).toContain('package 1.2.3: ready; nothing was published');
    expect(code).toBe(0);
  });

  it('in CI publishes with provenance, a candidate under a tag that is not the default', () => {
    const project = createProject();
    const [from, to] = [version, '1.3.0-rc.1'];
    for (const file of ['package.json', 'package-lock.json', 'CHANGELOG.md']) {
      project.change(file, (text) => text.replaceAll(from, to));
    }
    project.git('commit', '--quiet', '--all', '--message=candidate');
    project.git('tag', '--annotate', `v${to}`, '--message=candidate');
    const { code, ran } = project.release([], { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://a.test' });
    expect(ran).toEqual(['run check:package', 'publish --access public --tag next --provenance']);
    expect(code).toBe(0);
  });

  it('says all that is wrong, and runs nothing', () => {
    const project = createProject();
    project.git('tag', `v${version}`);
    project.git('checkout', '--quiet', '-b', 'other');
    project.git('commit', '--quiet', '--allow-empty', '--message=second');
    project.change('CHANGELOG.md', () => '');
    const { code, stderr, ran } = project.release(['--dry-run']);
    expect(stderr).toContain("package 1.2.3 can't be released:");
    for (const problem of ['M CHANGELOG.md', 'not on main', 'not at HEAD', 'has no section']) {
      expect(stderr).toContain(problem);
    }
    expect(ran).toEqual([]);
    expect(code).toBe(1);
  });
});

/** A repository that is ready for a release, and an npm that only writes down its arguments. */
function createProject() {
  const folder = mkdtempSync(join(tmpdir(), 'release-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const [root, bin, log] = [join(folder, 'project'), join(folder, 'bin'), join(folder, 'ran')];
  for (const path of [root, bin]) mkdirSync(path);
  writeFileSync(log, '');
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho "$*" >> ${log}\n`);
  chmodSync(join(bin, 'npm'), 0o755);

  const git = (...args: string[]) => {
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
    const options = { cwd: root, encoding: 'utf8' } as const;
    const { status, stderr } = spawnSync('git', [...identity, ...args], options);
    if (status !== 0) throw new Error(stderr);
  };
  writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lock));
  writeFileSync(join(root, 'CHANGELOG.md'), changelog);
  git('init', '--quiet', '--initial-branch=main');
  git('add', '.');
  git('commit', '--quiet', '--message=first');
  return {
    git,
    change(file: string, how: (text: string) => string) {
      const path = join(root, file);
      writeFileSync(path, how(readFileSync(path, 'utf8')));
    },
    /** Runs the script; `ran` are the npm commands that it ran. */
    release(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
        cwd: root,
        encoding: 'utf8',
        env: { PATH: `${bin}:${process.env['PATH']}`, ...env },
      });
      const ran = readFileSync(log, 'utf8').split('\n').filter(Boolean);
      return { code: status, stdout, stderr, ran };
    },
  };
}
