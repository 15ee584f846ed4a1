import { ConfigError, createStepFuncSource } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import runTasks from './run-tasks.cjs';

await runTasks({ ConfigError, createStepFuncSource, httpInvoke, startFakeSfnServer });
