import { jest, test } from '@jest/globals';
import { ConfigError, createStepFuncSource } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import runTasks from './run-tasks.cjs';

jest.setTimeout(60_000);

test('runs tasks', () =>
  runTasks({ ConfigError, createStepFuncSource, httpInvoke, startFakeSfnServer }));
