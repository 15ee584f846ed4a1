import { ConfigError, createStepFuncSource } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { test } from 'vitest';
import runTasks from './run-tasks.cjs';

test('runs tasks', () =>
  runTasks({ ConfigError, createStepFuncSource, httpInvoke, startFakeSfnServer }));
