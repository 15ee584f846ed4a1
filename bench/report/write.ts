import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import type { Measure } from '../measures/measure.js';
import type { Finding } from './finding.js';
import { toMarkdown } from './markdown.js';
import { toSvg } from './svg.js';

/** Writes docs/performance.md and its plots; returns the page's path. */
export async function writeReport(
  root: URL,
  findings: readonly { measure: Measure; finding: Finding }[],
  rounds: number,
): Promise<string> {
  const plots = new URL('docs/performance/', root);
  mkdirSync(plots, { recursive: true });
  for (const { finding } of findings) {
    for (const chart of finding.charts) {
      writeFileSync(new URL(`${chart.file}.svg`, plots), toSvg(chart));
    }
  }
  const page = new URL('docs/performance.md', root);
  const text = toMarkdown(root, findings, rounds);
  writeFileSync(
    page,
    await format(text, { parser: 'markdown', printWidth: 100, proseWrap: 'always' }),
  );
  return fileURLToPath(page);
}
