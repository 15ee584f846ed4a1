import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './pages.js';

interface Rule {
  name: string;
  /** The specs that the page names for it, from the root. */
  specs: string[];
}

const rules = readRules();
const titles = readTitles();
const rule = /\b(?:[CPS]\d|T\d{1,2}|L\d{1,2})\b/g;

describe('docs/contract.md', () => {
  it('has every rule once', () => {
    const names = rules.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('C1');
    expect(names).toContain('L12');
  });

  it.each(rules)('$name: its spec exists, and a title in it cites the rule', ({ name, specs }) => {
    expect(specs.filter((spec) => !existsSync(join(root, spec)))).toEqual([]);
    const silent = specs.filter((spec) => !cites(titles.get(spec) ?? [], name));
    expect(silent).toEqual([]);
  });

  it('has every rule that a spec cites', () => {
    const known = new Set(rules.map(({ name }) => name));
    const unknown = [...titles].flatMap(([spec, found]) =>
      found.flatMap(rulesIn).flatMap((name) => (known.has(name) ? [] : [`${spec}: ${name}`])),
    );
    expect(unknown).toEqual([]);
  });
});

/** A rule is an item of a list that begins with its name in bold. */
function readRules(): Rule[] {
  const text = readFileSync(join(root, 'docs/contract.md'), 'utf8');
  return [...text.matchAll(/^- \*\*([CTPSLH]\d*)\.\*\*[^]*?(?=\n\n)/gm)].map(
    ([item, name = '']) => ({
      name,
      specs: [...item.matchAll(/`(spec\/[^`]+)`/g)].map(([, spec = '']) => spec),
    }),
  );
}

/** What every spec calls its tests, up to the first colon: the rules stand there. */
function readTitles(): Map<string, string[]> {
  const files = readdirSync(join(root, 'spec'), { recursive: true, encoding: 'utf8' });
  return new Map(
    files
      .filter((file) => file.endsWith('.spec.ts'))
      .map((file) => {
        const text = readFileSync(join(root, 'spec', file), 'utf8');
        const found = text.matchAll(/\(\s*(['"`])([^'"`\n]*?:)/g);
        return [`spec/${file}`, [...found].map(([, , title = '']) => title)] as const;
      }),
  );
}

function rulesIn(title: string): string[] {
  // Rules come first: `T6, T7: …`. A capital and a digit elsewhere is something else.
  return /^(?:[CTPSL]\d{1,2}(?:, | and )?)+:$/.test(title) ? (title.match(rule) ?? []) : [];
}

function cites(found: readonly string[], name: string): boolean {
  const pattern = new RegExp(`\\b${name}\\b`);
  return found.some((title) => pattern.test(title));
}
