import { source } from '../assumed/README.js';
import { runBlock, serve } from './block.js';

/** A block that listens to the source that README.md takes for granted. */
await runBlock();
await serve(source);
