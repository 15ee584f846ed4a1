/**
 * Plants one fault after the other into a copy of lib, and lets the simulator search there. Each is
 * to be found within a minute. Prints a table; exits with 1 if one was not found, or no longer fits.
 *
 *     npm run test:planted
 *     npm run test:planted -- drain          those whose name has "drain" in it
 *     npm run test:planted -- '' 1/4         the first quarter of them, to run four at a time
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { faults } from './faults.mjs';

/** Of CPU time. */
const SECONDS = 60;
const root = fileURLToPath(new URL('../../../', import.meta.url));
const [, , wanted = '', part = '1/1'] = process.argv;
const [which, parts] = part.split('/').map(Number);
const chosen = faults
  .filter(({ name }) => name.includes(wanted))
  .filter((_, at) => at % parts === which - 1);
let missed = 0;

for (const fault of chosen) {
  const folder = mkdtempSync(join(tmpdir(), 'planted-'));
  try {
    const found = plant(folder, fault) ?? search(folder);
    if (found.missed) missed += 1;
    console.log(`| ${fault.name} | ${fault.what} | ${found.text} |`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
console.log(`${chosen.length - missed} of ${chosen.length} found`);
if (missed > 0) process.exitCode = 1;

/** Makes a copy with the fault in it. */
function plant(folder, { file, find, replace, more = [] }) {
  for (const name of ['lib', 'spec/simulation', 'package.json', 'tsconfig.json']) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const path = join(folder, 'lib', file);
  let text = readFileSync(path, 'utf8');
  for (const change of [{ find, replace }, ...more]) {
    if (text.split(change.find).length !== 2) {
      return { missed: true, text: 'NO LONGER FITS: its place in lib has changed' };
    }
    text = text.replace(change.find, () => change.replace);
  }
  writeFileSync(path, text);
  return undefined;
}

/** Runs the search in the copy. */
function search(cwd) {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      'tsx',
      'spec/simulation/search.ts',
      '--from',
      '1',
      '--seconds',
      `${SECONDS}`,
      '--brief',
    ],
    { cwd, encoding: 'utf8' },
  );
  const [, seed, seconds, rule] = /^seed (\d+) after ([\d.]+) s: ([^\n]*?): /m.exec(stdout) ?? [];
  if (rule !== undefined) return { missed: false, text: `${rule} | ${seed} | ${seconds} s` };
  // One that can't even be loaded is no fault that anybody would ship.
  const text = stdout.includes('seeds from')
    ? 'NOT FOUND'
    : `DOES NOT RUN: ${stderr.slice(0, 300)}`;
  return { missed: true, text };
}
