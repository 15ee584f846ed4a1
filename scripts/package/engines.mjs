import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { satisfies } from 'semver';
import { root } from './run.mjs';

/**
 * Every package of the lock file runs on the least Node that package.json names, so that `npm ci`
 * warns of none there.
 */
export function checkEngines() {
  const least = `${/\d+\.\d+/.exec(read('package.json').engines.node)?.[0]}.0`;
  const packages = Object.entries(read('package-lock.json').packages);
  const refused = packages
    .filter(([, { engines }]) => engines?.node !== undefined && !satisfies(least, engines.node))
    .map(([path, { engines }]) => `${path.replace(/^.*node_modules\//, '')} wants ${engines.node}`);
  if (refused.length > 0) throw new Error(`not for Node ${least}: ${refused.join(', ')}`);
  return { note: `${packages.length} packages run on Node ${least}` };
}

function read(name) {
  return JSON.parse(readFileSync(join(root, name), 'utf8'));
}
