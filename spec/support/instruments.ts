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
    createCounter: (...args) => (counter(...args), noop.createCounter(...args)),
    createHistogram: (...args) => (histogram(...args), noop.createHistogram(...args)),
    createObservableUpDownCounter: (...args) => (
      gauge(...args),
      noop.createObservableUpDownCounter(...args)
    ),
    createObservableGauge: (...args) => (oneGauge(...args), noop.createObservableGauge(...args)),
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
