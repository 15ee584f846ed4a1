import { test } from 'node:test';
import { ConfigError, createStepFuncSource } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import runTasks from './run-tasks.cjs';

test('runs tasks', () =>
  runTasks({ ConfigError, createStepFuncSource, httpInvoke, startFakeSfnServer }));
