import { source } from '../assumed/identity.js';
import { runBlock, serve } from './block.js';

/** A block that writes what runs: at a signal, once there is something. */
process.once('SIGUSR2', () => void runBlock());
await serve(source);
