import { source } from '../assumed/reference.js';
import { runBlock, terminated } from './block.js';

/** A block that stops the source that docs/reference.md takes for granted, and writes what it got for it. */
source.on('stateChanged', ({ to }) => console.log(to));
await source.start();
await terminated;
console.log(JSON.stringify(await runBlock()));
