import type { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { StepFuncSource } from '../../../lib/index.js';
import { runBlock, serve } from './block.js';

/** A block that makes a source and opens a port for its metrics. */
const { source, meterProvider } = (await runBlock()) as {
  source: StepFuncSource;
  meterProvider: MeterProvider;
};
await serve(source);
await meterProvider.shutdown();
