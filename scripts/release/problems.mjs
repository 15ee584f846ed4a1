/**
 * What stands in the way of a release, a line each; empty if nothing does. Pure, so that every case is
 * tested without a repository.
 *
 * `facts` are what release.mjs found out:
 *
 * - `manifest` and `lock`: package.json and package-lock.json
 * - `changelog`: its text
 * - `changes`: the lines of `git status --porcelain`
 * - `tagged`: whether the version's tag is at HEAD, elsewhere or missing
 * - `onMain`: whether main contains HEAD
 * - `origin`: the URL of git's remote, if there is one
 * - `canSign`: whether this is a CI that can sign a provenance statement
 */
export function problemsOf(facts, { dryRun }) {
  const { manifest, lock, changelog, changes, tagged, onMain, origin, canSign } = facts;
  const { version } = manifest;
  return [
    ...checkVersion(version, lock),
    ...checkChangelog(version, changelog),
    ...(manifest.private === true ? ['package.json is private'] : []),
    ...checkRepository(manifest.repository, homeOf(origin)),
    ...(changes.length === 0
      ? []
      : [`The tree has changes that are not committed:\n  ${changes.join('\n  ')}`]),
    ...(onMain ? [] : ['HEAD is not on main. Merge it first.']),
    ...checkTag(version, tagged, dryRun),
    ...(canSign || dryRun
      ? []
      : ['Provenance needs a CI job that may sign (id-token: write). Run the release workflow.']),
  ];
}

function checkVersion(version, lock) {
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) {
    return [`package.json: expected a version such as 1.2.3 or 1.2.3-rc.1, got ${version}`];
  }
  const found = [lock.version, lock.packages?.['']?.version];
  return found.every((one) => one === version)
    ? []
    : [`package-lock.json has version ${found[0]}, package.json ${version}. Run npm install.`];
}

function checkChangelog(version, changelog) {
  const [before = '', section] = changelog.split(`\n## [${version}]`);
  if (section === undefined) {
    return [`CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD"`];
  }
  const [heading = '', ...lines] = section.split('\n## ')[0].split('\n');
  const unreleased = before.split('\n## [Unreleased]')[1] ?? '';
  return [
    ...(/^ - \d{4}-\d\d-\d\d$/.test(heading)
      ? []
      : [`CHANGELOG.md: expected "## [${version}] - YYYY-MM-DD", got "## [${version}]${heading}"`]),
    ...(lines.some((line) => line.startsWith('- '))
      ? []
      : [`CHANGELOG.md: the section of ${version} lists no change`]),
    ...(unreleased.includes('\n- ')
      ? [`CHANGELOG.md: move what is under [Unreleased] to ${version}, or release it later`]
      : []),
  ];
}

/** npm compares it with where the job ran, and refuses the provenance of another home. */
function checkRepository(repository, home) {
  const url = repository?.url ?? repository;
  const set = `npm pkg set repository.type=git repository.url=git+${
    home ?? 'https://<host>/<owner>/<project>'
  }.git`;
  if (typeof url !== 'string') {
    return [
      `package.json has no repository, which npm checks the provenance against. Run: ${set}` +
        (home === undefined ? ', with the address of the public repository' : ', and commit it'),
    ];
  }
  return home === undefined || homeOf(url) === home
    ? []
    : [
        `package.json: repository is ${url}, but git's origin is ${home}. Push there, or run: ${set}`,
      ];
}

/**
 * A remote's URL as a page: `git@example.com:owner/project.git` and
 * `git+https://example.com/owner/project.git` are `https://example.com/owner/project`. Undefined for
 * a folder, or if there is none. A user and a password are left out.
 */
function homeOf(remote) {
  const [, host, path] =
    /^(?:git\+)?(?:https?|ssh|git):\/\/(?:[^@/]*@)?([^/:]+)(?::\d+)?\/(.+)$/.exec(remote ?? '') ??
    /^(?:[^@/]+@)?([^/:]+\.[^/:]+):(?!\/\/)(.+)$/.exec(remote ?? '') ??
    [];
  return host && path && `https://${host}/${path.replace(/\/?(?:\.git)?\/?$/, '')}`;
}

function checkTag(version, tagged, dryRun) {
  if (tagged === 'elsewhere') return [`The tag v${version} is not at HEAD. Raise the version.`];
  if (tagged === 'missing' && !dryRun) {
    return [`HEAD has no tag v${version}. Run: git tag -a v${version} -m v${version}`];
  }
  return [];
}
