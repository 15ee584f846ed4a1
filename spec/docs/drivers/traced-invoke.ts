import { trace } from '@opentelemetry/api';
import { collectSpans } from '../../support/collected-spans.js';

/** A block that makes an invoke and leaves it to the app to set OpenTelemetry up. */
trace.setGlobalTracerProvider(collectSpans().tracerProvider);
await import('./invoke.js');
