import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { rows } from './rows.mjs';

const PAGE = fileURLToPath(new URL('../../docs/environments.md', import.meta.url));

/** What is written by hand, before and after the table. */
const MARKS = ['<!-- written by npm run check:environments -- --write -->', '<!-- end -->'];

/** Writes what has run into docs/environments.md. The lines of rows that have not run stay. */
export async function writeDocument(results) {
  writeFileSync(PAGE, await pageWith(results));
}

/** Says what is wrong if docs/environments.md has other environments or versions than have run. */
export async function compareDocument(results) {
  if ((await pageWith(results)) === read()) return undefined;
  return 'docs/environments.md is out of date: npm run check:environments -- --write';
}

function pageWith(results) {
  const { before, old, after } = parts(read());
  const ran = new Map(results.map(({ row, result }) => [row.name, lineOf(row, result)]));
  const members = rows
    .filter(({ newest }) => !newest)
    .map((row) => [row, ran.get(row.name) ?? lineIn(old, row)]);
  const sections = [...new Set(members.map(([{ group }]) => group))].map((group) => {
    const lines = members.filter(([row, line]) => row.group === group && line !== undefined);
    const body = lines.map(([, line]) => line).join('\n');
    return `## ${group}\n\n| environment | version | what runs |\n| --- | --- | --- |\n${body}\n`;
  });
  const page = `${before}${MARKS[0]}\n\n${sections.join('\n')}\n${MARKS[1]}${after}`;
  return format(page, { parser: 'markdown', printWidth: 100, proseWrap: 'always' });
}

/** The line that the page has for a row already. */
function lineIn(old, { name }) {
  return old.split('\n').find((line) => line.startsWith(`| ${name} `));
}

function lineOf({ name }, { outcome, version = '', steps, message }) {
  const what = {
    passed: () => steps.join(', '),
    missing: () => `not tried: ${message}`,
    failed: () => 'fails',
  };
  return `| ${name} | ${version} | ${what[outcome]()} |`;
}

function parts(page) {
  const [before, rest] = page.split(MARKS[0]);
  const [old, after] = rest?.split(MARKS[1]) ?? [];
  if (after === undefined)
    throw new Error(`docs/environments.md needs the lines ${MARKS.join(' and ')}`);
  return { before, old, after };
}

function read() {
  return readFileSync(PAGE, 'utf8');
}
