/**
 * Metrics and traces of a source through `@opentelemetry/api`, which is the user's to install:
 * `stepfunc-source/opentelemetry`. What is recorded is in docs/opentelemetry.md.
 */
export { recordMetrics } from './opentelemetry/metrics.js';
export type { MetricsOptions } from './opentelemetry/metrics.js';
export { traceInvoke } from './opentelemetry/trace.js';
export type { TraceOptions } from './opentelemetry/trace.js';
