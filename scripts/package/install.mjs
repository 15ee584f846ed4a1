import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { satisfies } from 'semver';
import { root } from './run.mjs';

/** The folders that a clone installs. */
const FOLDERS = ['.', 'bench'];

/**
 * `npm ci` warns of nothing. Every package of the lock files runs on the least Node that package.json
 * names, and none is deprecated. Each that has an install script is allowed it or refused it.
 */
export function checkInstall() {
  const least = `${/\d+\.\d+/.exec(read('package.json').engines.node)?.[0]}.0`;
  const packages = FOLDERS.flatMap((folder) => {
    const { allowScripts = {} } = read(folder, 'package.json');
    const locked = Object.entries(read(folder, 'package-lock.json').packages);
    return locked.map(([path, entry]) => ({
      ...entry,
      name: path.replace(/^.*node_modules\//, ''),
      allowScripts,
    }));
  });
  const warnings = packages.flatMap(
    ({ name, engines, deprecated, hasInstallScript = false, allowScripts }) => {
      const found = [];
      if (engines?.node !== undefined && !satisfies(least, engines.node)) {
        found.push(`${name} wants Node ${engines.node}, not ${least}`);
      }
      if (deprecated !== undefined) found.push(`${name} is deprecated: ${deprecated}`);
      if (hasInstallScript && !Object.hasOwn(allowScripts, name)) {
        found.push(`${name} has an install script that allowScripts does not name`);
      }
      return found;
    },
  );
  if (warnings.length > 0) throw new Error(warnings.join('; '));
  return { note: `${packages.length} packages for Node ${least}` };
}

function read(...names) {
  return JSON.parse(readFileSync(join(root, ...names), 'utf8'));
}
