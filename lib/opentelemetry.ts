/**
 * Metrics and traces of a source through `@opentelemetry/api`, which you install yourself.
 * docs/opentelemetry.md lists the instruments and spans.
 */
export { recordMetrics } from './opentelemetry/metrics.js';
export type { MetricsOptions } from './opentelemetry/metrics.js';
export { traceInvoke } from './opentelemetry/trace.js';
export type { TraceOptions } from './opentelemetry/trace.js';
