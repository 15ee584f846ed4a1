import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ConfigError, createStepFuncSource } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { Agent } from 'undici';
import runTasks from './run-tasks.cjs';

// The project's undici and the package's are two.
const versionAt = (folder) => JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).version;
assert.notEqual(
  versionAt('node_modules/undici'),
  versionAt('node_modules/stepfunc-source/node_modules/undici'),
);
const dispatcher = new Agent();
await runTasks(
  { ConfigError, createStepFuncSource, httpInvoke, startFakeSfnServer },
  { dispatcher },
);
await dispatcher.close();
