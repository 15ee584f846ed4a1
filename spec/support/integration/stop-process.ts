import { createStepFuncSource } from '../../../lib/index.js';

/**
 * A process whose source is stopped at its first line of input, at once. It tells when it has
 * stopped, and when nothing holds the process any longer. Node itself takes a while to end after
 * that.
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
  void source.stop({ graceMs: 0 }).then(() => console.log(`stopped ${Date.now()}`));
});
process.once('exit', () => console.log(`free ${Date.now()}`));
