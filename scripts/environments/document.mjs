import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';

const PAGE = fileURLToPath(new URL('../../docs/environments.md', import.meta.url));

/** What is written by hand, before and after the table. */
const MARKS = ['<!-- written by npm run check:environments -- --write -->', '<!-- end -->'];

/** Writes the table of what has run into docs/environments.md. */
export async function writeDocument(results) {
  const { before, after } = parts(read());
  const page = `${before}${MARKS[0]}\n\n${tables(results)}\n${MARKS[1]}${after}`;
  writeFileSync(PAGE, await formatted(page));
}

/** Says what is wrong if docs/environments.md has other environments or versions than have run. */
export async function compareDocument(results) {
  const { before, after } = parts(read());
  const wanted = await formatted(`${before}${MARKS[0]}\n\n${tables(results)}\n${MARKS[1]}${after}`);
  if (wanted === read()) return undefined;
  return 'docs/environments.md is out of date: npm run check:environments -- --write';
}

function tables(results) {
  const groups = grouped(results);
  return [...groups]
    .map(([group, members]) => {
      const lines = members.map(({ row, result }) => lineOf(row, result));
      return `## ${group}\n\n| environment | version | what runs |\n| --- | --- | --- |\n${lines.join('\n')}\n`;
    })
    .join('\n');
}

function lineOf({ name }, { outcome, version = '', steps, message }) {
  const what = {
    passed: () => steps.join(', '),
    missing: () => `not tried: ${message}`,
    failed: () => 'fails',
  };
  return `| ${name} | ${version} | ${what[outcome]()} |`;
}

function grouped(results) {
  const groups = new Map();
  for (const each of results) {
    groups.set(each.row.group, [...(groups.get(each.row.group) ?? []), each]);
  }
  return groups;
}

function parts(page) {
  const [before, rest] = page.split(MARKS[0]);
  const after = rest?.split(MARKS[1])[1];
  if (after === undefined)
    throw new Error(`docs/environments.md needs the lines ${MARKS.join(' and ')}`);
  return { before, after };
}

function read() {
  return readFileSync(PAGE, 'utf8');
}

function formatted(page) {
  return format(page, { parser: 'markdown', printWidth: 100, proseWrap: 'always' });
}
