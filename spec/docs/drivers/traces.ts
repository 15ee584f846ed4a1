import type { SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { StepFuncSource } from '../../../lib/index.js';
import { runBlock, serve } from './block.js';

/** A block that makes a source whose spans are exported in batches. */
const { source, spanProcessors } = (await runBlock()) as {
  source: StepFuncSource;
  spanProcessors: SpanProcessor[];
};
await serve(source);
for (const processor of spanProcessors) await processor.shutdown();
