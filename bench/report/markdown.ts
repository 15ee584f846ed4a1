import { readFileSync } from 'node:fs';
import type { Measure } from '../measures/measure.js';
import type { Finding, Table } from './finding.js';
import { machine, versions } from './machine.js';
import { summaryTable } from './terminal.js';

/** The page docs/performance.md. What a run can't tell stands in bench/report/findings.md. */
export function toMarkdown(
  root: URL,
  findings: readonly { measure: Measure; finding: Finding }[],
  rounds: number,
): string {
  const written = readFileSync(new URL('bench/report/findings.md', root), 'utf8').trim();
  return `${[
    '# What does a task cost, and how was that measured?',
    'A task costs less CPU than in a loop written by hand: the table has the ratios.',
    '```sh\nnpm run bench\n```',
    `\`npm run bench -- --report\` wrote this page from one run, on ${new Date().toISOString().slice(0, 10)}. Only the sections from "What was found" on are written by hand.`,
    `It ran on ${machine()}. Server, component and contender are three processes on loopback. Contenders take turns (A B C A B C …). Each run is a fresh process that is warmed up first. A ratio is the median of the ratios of ${rounds} rounds, and the spread is their minimum and maximum. CPU is that of the contender alone, user and system.`,
    table(summaryTable(findings.map(({ finding }) => finding))),
    ...findings.flatMap(({ measure, finding }) => section(measure, finding)),
    written,
    '## Versions',
    table({ title: '', head: ['package', 'version'], rows: versions(root) }),
  ].join('\n\n')}\n`;
}

function section(measure: Measure, { tables, charts }: Finding): string[] {
  if (tables.length + charts.length === 0) return [];
  return [
    `## ${measure.title}`,
    ...tables.flatMap((each) => [
      `${each.title}:`,
      table(each),
      ...(each.note === undefined ? [] : [each.note]),
    ]),
    ...charts.map(({ title, file }) => `![${title}](performance/${file}.svg)`),
  ];
}

function table({ head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, at) => (at === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}
