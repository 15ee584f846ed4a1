import type { Finding, Row, Table } from './finding.js';
import { reached, targetText } from './finding.js';

const head = ['measure', 'target', 'measured', 'spread', 'reached'];

/** The figures of all findings against their targets. */
export function summaryTable(findings: readonly Finding[]): Table {
  return {
    title: 'Measured against the targets',
    head,
    rows: findings.flatMap(({ rows }) => rows).map(cells),
  };
}

function cells(row: Row): string[] {
  const { measure, value, spread, unit, digits } = row;
  const verdict = reached(row);
  return [
    measure,
    targetText(row),
    `${value.toFixed(digits)}${unit}`,
    spread.map((end) => end.toFixed(digits)).join(' – '),
    verdict === undefined ? '' : verdict ? 'yes' : 'NO',
  ];
}

/** A table as plain text, in columns. */
export function toText({ title, head: columns, rows, note }: Table): string {
  const widths = columns.map((name, at) =>
    Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  const lines = [
    title,
    line(columns),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map(line),
  ];
  return [...lines, ...(note === undefined ? [] : [note])].join('\n');
}
