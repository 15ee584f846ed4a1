import type { Invoke } from '../../../lib/index.js';
import { createStepFuncSource } from '../../../lib/index.js';
import { runBlock, serve } from './block.js';

/** A block that makes an invoke, for a source. */
const { invoke } = (await runBlock()) as { invoke: Invoke };
await serve(createStepFuncSource({ activityName: 'sum', path: '/step/sum' }, invoke));
