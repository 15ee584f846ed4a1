import type { StepFuncSource } from '../../../lib/index.js';
import { runBlock, serve } from './block.js';

/** A block that makes a source, and may start it. */
const { source } = (await runBlock()) as { source: StepFuncSource };
await serve(source);
