/**
 * `npm run environments:lock [-- name …]`: makes the lock files of rows.mjs anew, from what is newest in
 * their ranges today. Names choose the rows whose names begin so.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from '../package/tarball.mjs';
import { npm } from './installers.mjs';
import { layOut } from './project.mjs';
import { rows } from './rows.mjs';

const starts = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'environments-'));
try {
  const { file } = pack(folder);
  for (const row of rows.filter(({ newest, name }) => !newest && isChosen(name))) {
    await (row.installer ?? npm).lock(row, layOut(row, join(folder, row.id), file));
    console.log(`locked  ${row.name}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function isChosen(name) {
  return starts.length === 0 || starts.some((start) => name.startsWith(start));
}
