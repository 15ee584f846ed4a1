import { createStepFuncSource } from '../../../lib/index.js';

/**
 * A process whose source is stopped at its first line of input, at once. When it has stopped, and
 * when nothing holds the process any longer, it says for how many milliseconds its event loop has
 * waited so far. Time that the process waits for a CPU is no part of that.
 */
const source = createStepFuncSource({ activityName: 'sum', path: '/' }, async ({ body }) => ({
  status: 200,
  headers: {},
  body,
}));
source.on('taskReceived', () => console.log('received'));
source.on('reportFailed', () => console.log('reportFailed'));
source.start().then(
  () => console.log('started'),
  () => undefined,
);
process.stdin.once('data', () => {
  process.stdin.destroy();
  void source.stop({ graceMs: 0 }).then(() => console.log(`stopped ${waitedMs()}`));
});
process.once('exit', () => console.log(`free ${waitedMs()}`));

function waitedMs(): number {
  return Math.round(performance.eventLoopUtilization().idle);
}
