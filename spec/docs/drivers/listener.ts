import { source } from '../assumed/reference.js';
import { runBlock, serve } from './block.js';

/** A block that listens to the source that docs/reference.md takes for granted. */
await runBlock();
await serve(source);
