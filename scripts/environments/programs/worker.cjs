const { ConfigError, createStepFuncSource } = require('stepfunc-source');
const { httpInvoke } = require('stepfunc-source/http');
const { startFakeSfnServer } = require('stepfunc-source/testing');
const runTasks = require('./run-tasks.cjs');

runTasks({ ConfigError, createStepFuncSource, httpInvoke, startFakeSfnServer }).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
