import type { Attributes } from '@opentelemetry/api';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, vi } from 'vitest';
import { useFakeTimers } from './fake-timers.js';

/** One time series as it is exported. */
export interface Series {
  name: string;
  unit: string;
  attributes: Attributes;
  value: number | Histogram;
}

export interface CollectedMetrics {
  meterProvider: MeterProvider;
  /** Every series, as an exporter gets it now. */
  collect(): Promise<Series[]>;
  /** The values of one instrument, by its attributes but those that all series of a source have. */
  values(name: string): Promise<Record<string, number | Histogram>>;
  shutdown(): Promise<void>;
}

/** Fakes the timers of each test, and collects its metrics. Call it once in a spec file. */
export function useCollectedMetrics(): CollectedMetrics {
  const collected = {} as CollectedMetrics;
  useFakeTimers();
  beforeEach(() => void Object.assign(collected, collectMetrics()));
  afterEach(() => collected.shutdown());
  return collected;
}

/** The real SDK, exporting into memory on demand. For specs on fake timers. */
function collectMetrics(): CollectedMetrics {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 86_400_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });

  async function collect(): Promise<Series[]> {
    exporter.reset();
    await flush(meterProvider.forceFlush());
    const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    return scopes.flatMap(({ metrics }) =>
      metrics.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => ({
          name,
          unit,
          attributes,
          // No instrument here asks for exponential buckets.
          value: value as number | Histogram,
        })),
      ),
    );
  }

  return {
    meterProvider,
    collect,
    async values(name) {
      const found = (await collect()).filter((series) => series.name === name);
      return Object.fromEntries(
        found.map(({ attributes, value }) => [labelOf(attributes), value] as const),
      );
    },
    shutdown: () => flush(meterProvider.shutdown()),
  };
}

/** The exporter answers by a timer, which is fake here. */
async function flush(flushed: Promise<void>): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  await flushed;
}

function labelOf(attributes: Attributes): string {
  const common = ['messaging.system', 'messaging.destination.name'];
  const own = Object.entries(attributes).filter(([key]) => !common.includes(key));
  return own.map(([, value]) => String(value)).join(' ');
}
