/**
 * Plants one fault after the other into a copy of lib, and lets the simulator search there. Each is
 * to be found within a minute. Prints a table; exits with 1 if one was not found, or no longer fits.
 *
 *     npm run test:planted
 *     npm run test:planted -- 'drain|grace'  those whose name matches
 *     npm run test:planted -- '' 1/4         the first quarter of them, to run four at a time
 *     npm run test:planted -- '' fit         whether all of them fit, without a search
 *     npm run test:planted -- drain show     what the simulator shows of each: shrunk, with a timeline
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, compileFile } from '../compile.mjs';
import { changesOf, fits } from './changes.mjs';
import { faults } from './faults.mjs';

/** Of CPU time. */
const SECONDS = 60;
/** Real time, on the busiest machine. A fault may make a loop without end. */
const HANGS_MS = 1_200_000;
const [, , wanted = '', part = '1/1'] = process.argv;
const [which, parts] = part.includes('/') ? part.split('/').map(Number) : [1, 1];
const chosen = faults
  .filter(({ name }) => new RegExp(wanted).test(name))
  .filter((_, at) => at % parts === which - 1);
const doesNotFit = { missed: true, text: 'NO LONGER FITS: its place in lib has changed' };
if (chosen.length === 0) {
  console.error(`No fault's name matches ${wanted}: spec/simulation/planted/faults.mjs has them`);
  process.exit(1);
}
let missed = 0;

const folder = mkdtempSync(join(tmpdir(), 'planted-'));
try {
  if (part !== 'fit') compile(folder);
  for (const fault of chosen) {
    const found = fits(fault) ? (part === 'fit' ? undefined : search(fault)) : doesNotFit;
    if (found?.missed) missed += 1;
    if (found) console.log(`| ${fault.name} | ${fault.what} | ${found.text} |`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${chosen.length - missed} of ${chosen.length} ${part === 'fit' ? 'fit' : 'found'}`);
if (missed > 0) process.exitCode = 1;

/** Runs the search with the fault in it. */
function search(fault) {
  const changed = changesOf(fault);
  for (const [file, changes] of changed) {
    compileFile(folder, `lib/${file}`, (text) =>
      changes.reduce((sofar, { find, replace }) => sofar.replace(find, () => replace), text),
    );
  }
  const options = [
    '--from',
    '1',
    '--seconds',
    `${SECONDS}`,
    ...(part === 'show' ? [] : ['--brief']),
  ];
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['spec/simulation/search.js', ...options],
    { cwd: folder, encoding: 'utf8', timeout: HANGS_MS, maxBuffer: 1e9 },
  );
  // To see it again takes the fault, and not the search alone.
  if (part === 'show') console.log(stdout.replace(/ To see it again:\n.*/, ''));
  for (const file of changed.keys()) compileFile(folder, `lib/${file}`);
  return read(stdout, stderr);
}

function read(stdout, stderr) {
  const [, seed, seconds, rule] =
    /^seed (\d+) after ([\d.]+) s breaks "([^"]*)"/m.exec(stdout) ?? [];
  if (rule !== undefined) return { missed: false, text: `${rule} | ${seed} | ${seconds} s` };
  // One that can't even be loaded is no fault that anybody would ship.
  const text = stdout.includes('seeds from')
    ? 'NOT FOUND'
    : `DOES NOT RUN: ${stderr.slice(0, 300)}`;
  return { missed: true, text };
}
