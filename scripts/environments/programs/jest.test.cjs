/** CommonJS in Jest's own realm, where `Symbol.asyncDispose` and `Error` may not be Node's. */
const { ConfigError, createStepFuncSource } = require('stepfunc-source');
const { httpInvoke } = require('stepfunc-source/http');
const { FakeSfn, startFakeSfnServer } = require('stepfunc-source/testing');
const runTasks = require('./run-tasks.cjs');

test('runs tasks', () =>
  runTasks({ ConfigError, createStepFuncSource, httpInvoke, startFakeSfnServer }));

test('tells why an invoke failed, an error of this realm too', async () => {
  const sfn = new FakeSfn({ longPollMs: 50 });
  const invoke = () =>
    Promise.reject(new TypeError('out of paint', { cause: new Error('no red') }));
  const source = createStepFuncSource({ activityName: 'paint', path: '/' }, invoke, {
    client: sfn,
  });
  await source.start();
  const { error, cause } = await sfn.runTask('paint', null);
  expect(error).toBe('StepFuncSource.InvokeFailed');
  expect(cause).toContain('out of paint');
  expect(cause).toContain('no red');
  expect(Object.keys(source)).not.toContain('undefined');
  await source.stop();
});
