import type { Meter } from '@opentelemetry/api';
import { createNoopMeter } from '@opentelemetry/api';
import { createInstruments } from '../../lib/opentelemetry/instruments.js';

export interface Instrument {
  name: string;
  kind: string;
  unit: string | undefined;
  inPrometheus: string;
}

/** Every instrument that lib makes. */
export function instruments(): Instrument[] {
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

/** The names of all series that Prometheus has of them. */
export function seriesNames(): Set<string> {
  return new Set(
    instruments().flatMap(({ kind, inPrometheus }) =>
      kind === 'histogram'
        ? ['_bucket', '_sum', '_count'].map((suffix) => inPrometheus + suffix)
        : [inPrometheus],
    ),
  );
}
