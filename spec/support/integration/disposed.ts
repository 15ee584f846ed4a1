import { createStepFuncSource } from '../../../lib/index.js';
import type { ServiceOrder } from './process.js';

/** A process whose source stops as its block ends, after one task. Expected to end of its own accord. */
const order = JSON.parse(process.argv[2] ?? '') as ServiceOrder;

async function main(): Promise<void> {
  await using source = createStepFuncSource(
    { activityName: 'sum', path: '/', ...order.config },
    (request, signal) => fetch(`${order.componentUrl}${request.path}`, { ...request, signal }),
  );
  source.on('stateChanged', ({ to }) => console.log(to));
  await source.start();
  await new Promise<void>((resolve) => source.once('taskSucceeded', () => resolve()));
}

await main();
