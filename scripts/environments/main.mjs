/**
 * `npm run check:environments [-- name …] [-- --write]`: has a project for each row of rows.mjs,
 * installs the packed tarball there, and runs tasks. Rows run side by side. Prints a line a row. Fails
 * if one failed, or if docs/environments.md differs from what ran.
 *
 * Names choose the rows whose names begin so. `--write` writes docs/environments.md. `--newest` runs
 * those rows that have no lock file, and therefore change by themselves; without it the others.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pack } from '../package/tarball.mjs';
import { compareDocument, writeDocument } from './document.mjs';
import { rows } from './rows.mjs';
import { runRow } from './runner.mjs';

/** Each row has installers and compilers at work: more rows than cores only take turns. */
const SIDE_BY_SIDE = Math.min(2, availableParallelism());

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    newest: { type: 'boolean', default: false },
  },
});
const chosen = rows
  .filter(({ newest = false }) => newest === values.newest)
  .filter(
    ({ name }) => positionals.length === 0 || positionals.some((start) => name.startsWith(start)),
  );

const folder = mkdtempSync(join(tmpdir(), 'environments-'));
const results = new Map();
try {
  const { file } = pack(folder);
  const waiting = [...chosen];
  const worker = async () => {
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
      const result = await runRow(row, join(folder, row.id), file);
      results.set(row, result);
      print(row, result);
      // All of them together would take gigabytes.
      await rm(join(folder, row.id), { recursive: true, force: true });
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const inOrder = chosen.map((row) => ({ row, result: results.get(row) }));
const isWhole = positionals.length === 0 && !values.newest;
if (values.write) await writeDocument(inOrder);
const difference = isWhole ? await compareDocument(inOrder) : undefined;

const count = (outcome) => inOrder.filter(({ result }) => result.outcome === outcome).length;
// What can't be had here may be had where the page was written.
const isOutdated = difference !== undefined && count('missing') === 0;
if (difference !== undefined) console.log(`${isOutdated ? 'FAILED ' : 'note   '} ${difference}`);
const failed = count('failed') + (isOutdated ? 1 : 0);
console.log(`${count('passed')} passed, ${failed} failed, ${count('missing')} skipped`);
process.exitCode = failed === 0 ? 0 : 1;

function print({ name }, { outcome, version, steps, message, seconds }) {
  const title = version === undefined ? name : `${name} (${version})`;
  const took = `${seconds.toFixed(0)} s`;
  if (outcome === 'passed') console.log(`ok      ${title}: ${steps.join(', ')}; ${took}`);
  else if (outcome === 'missing') console.log(`skipped ${title}: can't be had here: ${message}`);
  else console.log(`FAILED  ${title}; ${took}\n${firstLines(message)}`);
}

/** A compiler may have thousands of complaints. */
function firstLines(text) {
  return text.trimEnd().split('\n').slice(0, 40).join('\n').replaceAll(/^/gm, '        ');
}
