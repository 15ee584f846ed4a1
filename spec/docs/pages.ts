import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A fenced block. */
export interface Block {
  /** From the root: `docs/errors.md`. */
  page: string;
  /** `README.md:12`, where its code begins. */
  where: string;
  /** The line of its code's first line, from 1. */
  line: number;
  /** The heading that it stands under, as a link would have it: `README.md#install`. */
  section: string;
  language: string;
  code: string;
  /** Marked as run by `npm run check:environments` alone: `<!-- bundle: rollup -->` before it. */
  elsewhere: boolean;
}

export interface Page {
  /** From the root: `docs/errors.md`. */
  path: string;
  blocks: Block[];
  /** What is not fenced. */
  text: string;
  /** What is not code: neither fenced nor in back quotes. */
  prose: string;
  headings: string[];
  /** What `#…` may point to. */
  anchors: Set<string>;
  links: string[];
  /** The rows of the tables under a heading, without their headers: their cells. */
  table(heading: string): string[][];
}

/** README.md, CONTRIBUTING.md and every page of docs/. */
export function readPages(): Page[] {
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', 'CONTRIBUTING.md', ...docs.map((name) => `docs/${name}`)].map(readPage);
}

export function readPage(path: string): Page {
  const lines = readFileSync(join(root, path), 'utf8').split('\n');
  const blocks: Block[] = [];
  const outside: string[] = [];
  const headings: string[] = [];
  let open: { indent: string; fence: string; block: Block } | undefined;
  for (const [i, line] of lines.entries()) {
    if (open === undefined) {
      // Indented where it belongs to an item of a list.
      const fence = /^(\s*)(```+)(\w*)/.exec(line);
      if (fence === null) {
        outside.push(line);
        const heading = /^#{1,6} (.*)$/.exec(line)?.[1];
        if (heading !== undefined) headings.push(heading);
        continue;
      }
      const [, indent = '', marks = '', language = ''] = fence;
      const at = i + 2;
      const section = `${path}#${anchorsOf(headings).at(-1) ?? ''}`;
      const place = { page: path, where: `${path}:${at}`, line: at, section };
      const before = outside.findLast((text) => text.trim() !== '') ?? '';
      const elsewhere = /^<!-- (bundle: |test: jest )/.test(before);
      open = { indent, fence: indent + marks, block: { ...place, language, code: '', elsewhere } };
    } else if (line === open.fence) {
      blocks.push(open.block);
      open = undefined;
    } else {
      open.block.code += `${line.slice(open.indent.length)}\n`;
    }
  }

  if (open !== undefined) throw new Error(`${open.block.where}: this block has no end`);
  const text = outside.join('\n');
  const prose = text.replaceAll(/`[^`\n]*`/g, '');
  return {
    path,
    blocks,
    text,
    prose,
    headings,
    anchors: new Set(anchorsOf(headings)),
    links: [...prose.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target = '']) => target),
    table: (heading) => tableUnder(path, outside, heading),
  };
}

/** As GitHub makes them. */
function anchorsOf(headings: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return headings.map((heading) => {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
}

function tableUnder(path: string, lines: readonly string[], heading: string): string[][] {
  const from = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (from === -1) throw new Error(`${path} has no heading ${heading}`);
  const after = lines.slice(from + 1);
  const next = after.findIndex((line) => /^#+ /.test(line));
  const section = next === -1 ? after : after.slice(0, next);
  const first = section.findIndex((line) => line.startsWith('|'));
  if (first === -1) throw new Error(`${path} has no table under ${heading}`);
  const rows = section.slice(first);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return (end === -1 ? rows : rows.slice(0, end)).slice(2).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** What stands in back quotes in a cell. */
export function codeIn(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}
