import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { codeIn, readPage, root } from '../../docs/pages.js';
import { seriesNames } from '../../support/instruments.js';

/**
 * Every query for Prometheus that docs and examples have. It is one by Prometheus' own grammar. It
 * names series that lib makes, and labels that these have.
 */
interface Query {
  where: string;
  query: string;
}

const opentelemetry = readPage('docs/opentelemetry.md');

const sources: Record<string, () => Query[]> = {
  'docs/opentelemetry.md': () =>
    opentelemetry.blocks
      .filter(({ language }) => language === 'promql')
      .map(({ where, code }) => ({ where, query: code })),
  'docs/monitoring.md, alerts': () => {
    const [rules] = readPage('docs/monitoring.md').blocks;
    return alerts(rules?.code ?? '');
  },
  'docs/monitoring.md, dashboard': () =>
    readPage('docs/monitoring.md')
      .table('A dashboard')
      .map(([panel = '', cell]) => ({ where: panel, query: codeIn(cell)[0] ?? '' })),
  'examples/service, alerts': () => alerts(read('alerts.yaml')),
  'examples/service, dashboard': () => {
    const { panels } = JSON.parse(read('grafana-dashboard.json')) as Dashboard;
    return panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({ where: title, query: expr })),
    );
  },
};

describe.each(Object.entries(sources))('the queries of %s', (_, queries) => {
  it('are queries of series and labels that there are', () => {
    const found = queries();
    expect(found.length).toBeGreaterThan(5);
    const wrong = found.flatMap(({ where, query }) =>
      complaints(query).map((complaint) => `${where}: ${complaint}`),
    );
    expect(wrong).toEqual([]);
  });
});

it.each([
  ['sum by (instance) (rate(stepfunc_source_polls_open[5m])', ['no query after "[5m])"']],
  ['rate(stepfunc_source_polls_total[5m])', ['no series stepfunc_source_polls_total']],
  ['sum by (activity) (stepfunc_source_slots)', ['no label activity']],
  ['stepfunc_source_slots{activity="sum"}', ['no label activity']],
  ['1 + 1', ['no series in it']],
])('a query that is wrong is found: %s', (query, expected) => {
  expect(complaints(query)).toEqual(expected);
});

/** Of the instruments' attributes, and what Prometheus adds. */
const labels = new Set([
  ...['messaging.destination.name', ...attributes()].map((name) => name.replaceAll('.', '_')),
  'instance',
  'le',
]);
const series = seriesNames();

function attributes(): string[] {
  const [, second = ''] = opentelemetry.text.split('| attribute ');
  return [...second.matchAll(/^\| `([\w.]+)`/gm)].map(([, name = '']) => name);
}

function complaints(written: string): string[] {
  // Variables of Grafana, as it would fill them in.
  const query = written.replaceAll('$__rate_interval', '5m').replaceAll('$activity', 'sum');
  const found: string[] = [];
  const names: string[] = [];
  parser.parse(query).iterate({
    enter({ type, from, to }) {
      const text = query.slice(from, to);
      if (type.isError) found.push(`no query after "${query.slice(Math.max(0, from - 5), from)}"`);
      else if (type.name === 'LabelName' && !labels.has(text)) found.push(`no label ${text}`);
      else if (type.name === 'Identifier') names.push(text);
    },
  });
  if (names.length === 0) found.push('no series in it');
  return [
    ...found,
    ...names.filter((name) => !series.has(name)).map((name) => `no series ${name}`),
  ];
}

function alerts(rules: string): Query[] {
  const { groups } = parse(rules) as { groups: { rules: { alert: string; expr: string }[] }[] };
  return groups.flatMap(({ rules: some }) =>
    some.map(({ alert, expr }) => ({ where: alert, query: expr })),
  );
}

function read(name: string): string {
  return readFileSync(join(root, 'examples/service/observability', name), 'utf8');
}

interface Dashboard {
  panels: { title: string; targets: { expr: string }[] }[];
}
