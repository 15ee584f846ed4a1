import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Reads what a page has after the comment `<!-- kind: name -->`, up to the next of that kind. Writes
 * the blocks that begin with a file's name into the project. Returns the command of the first block of
 * `sh`.
 */
export function takeFromPage(project, page, kind, name) {
  const blocks = blocksAfter(page, kind, name);
  for (const { language, code } of blocks) {
    const file = /^\/\/ (\S+)\n/.exec(code)?.[1];
    if (['js', 'ts'].includes(language) && file !== undefined) project.write(file, code);
  }
  const shell = blocks.find(({ language }) => language === 'sh')?.code.trimEnd();
  if (shell === undefined)
    throw new Error(`${page} has no block sh after <!-- ${kind}: ${name} -->`);
  return shell;
}

function blocksAfter(page, kind, name) {
  const text = readFileSync(fileURLToPath(new URL(`../../${page}`, import.meta.url)), 'utf8');
  const parts = text.split(new RegExp(`^<!-- ${kind}: `, 'm'));
  const section = parts.find((part) => part.startsWith(`${name} -->`));
  if (section === undefined) throw new Error(`${page} has no <!-- ${kind}: ${name} -->`);
  return [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, code]) => ({
    language,
    code,
  }));
}
