import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import type { StepFuncSource } from '../../../lib/index.js';

/**
 * Drivers are what a service has around an example. Each is started as a process, with the file of a
 * block in its first argument. It is expected to end of its own accord.
 */
const [, , file = ''] = process.argv;

// Heard from the first moment. A block may start its source itself, and its task may be done before
// the driver goes on.
export const terminated = once(process, 'SIGTERM');

/** Runs the block, and returns the variables that it declares. */
export async function runBlock(): Promise<Record<string, unknown>> {
  return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
}

/** Runs a source until SIGTERM, unless it runs already. */
export async function serve(source: StepFuncSource): Promise<void> {
  await source.start();
  console.log('running');
  await terminated;
  await source.stop();
}
