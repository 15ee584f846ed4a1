import { runBlock } from './block.js';

/** A block that is a whole service: it listens for signals itself, and ends of its own accord. */
await runBlock();
