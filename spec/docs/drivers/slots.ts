import type { StepFuncSource } from '../../../lib/index.js';
import { runBlock, serve } from './block.js';

/** A block that makes a source: its pollers' slots are written at a signal, once the block has got it too. */
const { source } = (await runBlock()) as { source: StepFuncSource };
process.on('SIGUSR2', () => {
  const slots = source.status().pollers.map(({ concurrency }) => concurrency);
  console.log(`slots: ${slots.join()}`);
});
await serve(source);
