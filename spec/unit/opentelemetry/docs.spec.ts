import type { Meter } from '@opentelemetry/api';
import { createNoopMeter } from '@opentelemetry/api';
import { expect, it } from 'vitest';
import { createInstruments } from '../../../lib/opentelemetry/instruments.js';
import { readPage } from '../../docs/pages.js';

const page = readPage('docs/opentelemetry.md');

interface Instrument {
  name: string;
  kind: string;
  unit: string | undefined;
  inPrometheus: string;
}

/** Every instrument that lib makes. */
function instruments(): Instrument[] {
  const made: Instrument[] = [];
  const noop = createNoopMeter();
  const take =
    (kind: string) =>
    (name: string, { unit }: { unit?: string } = {}) => {
      const suffix = kind === 'counter' ? '_total' : '';
      made.push({ name, kind, unit, inPrometheus: name.replaceAll('.', '_') + suffix });
    };
  const [counter, histogram, gauge] = [take('counter'), take('histogram'), take('UpDownCounter')];
  const oneGauge = take('Gauge');
  const meter = {
    createCounter: (...told) => (counter(...told), noop.createCounter(...told)),
    createHistogram: (...told) => (histogram(...told), noop.createHistogram(...told)),
    createObservableUpDownCounter: (...told) => (
      gauge(...told),
      noop.createObservableUpDownCounter(...told)
    ),
    createObservableGauge: (...told) => (oneGauge(...told), noop.createObservableGauge(...told)),
  } as Partial<Meter> as Meter;
  createInstruments(meter);
  return made;
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

it("docs/opentelemetry.md lists every instrument, its kind, its unit and Prometheus' name for it", () => {
  const rows = page.table('Instruments').map((cells) => {
    const [name = '', kind = '', unit, inPrometheus = ''] = cells.map((cell) =>
      cell.replaceAll('`', ''),
    );
    return { name, kind, unit, inPrometheus };
  });
  expect(rows.sort(byName)).toEqual(instruments().sort(byName));
});

it('docs/opentelemetry.md queries what there is, by its name in Prometheus', () => {
  const known = new Set(
    instruments().flatMap(({ kind, inPrometheus }) =>
      kind === 'histogram'
        ? ['_bucket', '_sum', '_count'].map((suffix) => inPrometheus + suffix)
        : [inPrometheus],
    ),
  );
  const queries = page.blocks.filter(({ language }) => language === 'promql');
  expect(queries.length).toBeGreaterThan(5);
  const labels =
    /messaging_(destination|operation)_\w+|stepfunc_source_(task_outcome|health_problem)\b/;
  for (const { code, where } of queries) {
    const names = (code.match(/\b(messaging|stepfunc_source)_\w+/g) ?? []).filter(
      (name) => known.has(name) || !labels.test(name),
    );
    expect(names.length, where).toBeGreaterThan(0);
    for (const name of names) expect(known, where).toContain(name);
  }
});
