import type { IncomingMessage, ServerResponse } from 'node:http';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { StepFuncSource } from 'stepfunc-source';
import { recordMetrics } from 'stepfunc-source/opentelemetry';

/** Records the sources' metrics. Returns what answers a scrape by Prometheus. */
export function createMetrics(
  sources: readonly StepFuncSource[],
): (request: IncomingMessage, response: ServerResponse) => void {
  // Without a server of its own: probes and metrics share one port.
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const meterProvider = new MeterProvider({ readers: [exporter] });
  for (const source of sources) recordMetrics(source, { meterProvider });
  return (request, response) => exporter.getMetricsRequestHandler(request, response);
}
