import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { InvokeRequest } from '../../lib/index.js';

export interface CollectedSpans {
  exporter: InMemorySpanExporter;
  tracerProvider: BasicTracerProvider;
  /** Spans that have ended, in this order. */
  ended(): ReadableSpan[];
  /** The one span that has ended. */
  one(): ReadableSpan;
}

/** The real SDK, exporting into memory, with contexts and W3C headers as an app has them. */
export function collectSpans(): CollectedSpans {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return {
    exporter,
    tracerProvider,
    ended: () => exporter.getFinishedSpans(),
    one() {
      const [span, ...others] = exporter.getFinishedSpans();
      if (span === undefined || others.length > 0) {
        throw new Error(`Expected one span to have ended, got ${others.length + (span ? 1 : 0)}`);
      }
      return span;
    },
  };
}

/** Takes back what was set for the whole process. */
export function disableGlobals(): void {
  context.disable();
  propagation.disable();
  trace.disable();
}

/** A request that must not be changed. */
export const request: InvokeRequest = Object.freeze({
  method: 'POST' as const,
  path: '/step/sum',
  headers: Object.freeze({ 'content-type': 'application/json' }),
  body: '{}',
  redirect: 'manual' as const,
  task: 't',
});

export const noSignal = () => new AbortController().signal;
