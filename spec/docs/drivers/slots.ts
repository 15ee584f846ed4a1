import type { StepFuncSource } from '../../../lib/index.js';
import { runBlock, serve } from './block.js';

/** A block that makes a source: its pollers' slots are told at a signal, once the block has heard it too. */
const { source } = (await runBlock()) as { source: StepFuncSource };
process.on('SIGUSR2', () => {
  const slots = source.status().pollers.map(({ concurrency }) => concurrency);
  console.log(`slots: ${slots.join()}`);
});
await serve(source);
