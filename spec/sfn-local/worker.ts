import { createStepFuncSource } from 'stepfunc-source';
import type { StepFuncSource, StepFuncSourceConfig, StepFuncSourceEvents } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import type { Component, Handler } from '../support/integration/component.js';
import { startComponent } from '../support/integration/component.js';
import type { StepFunctionsLocal } from './step-functions-local.js';

/** One activity with a component behind it. */
export interface Worker extends AsyncDisposable {
  activityArn: string;
  component: Component;
  source: StepFuncSource;
  lost: StepFuncSourceEvents['taskLost'][];
  heartbeatsFailed: string[];
}

/** Starts a component, and a source that takes an activity's tasks to it. */
export async function startWorker(
  local: StepFunctionsLocal,
  purpose: string,
  handler: Handler,
  fields: Partial<StepFuncSourceConfig> = {},
): Promise<Worker> {
  const component = await startComponent(handler);
  const config = { activityName: local.activityName(purpose), path: '/step', ...fields };
  const source = createStepFuncSource(config, httpInvoke(component.url));
  const lost: Worker['lost'] = [];
  const heartbeatsFailed: string[] = [];
  source.on('taskLost', (event) => lost.push(event));
  source.on('heartbeatFailed', ({ error }) => heartbeatsFailed.push(error));
  await source.start();
  const { activityArn = '' } = source.status();
  local.deleteLater(activityArn);
  return {
    activityArn,
    component,
    source,
    lost,
    heartbeatsFailed,
    async [Symbol.asyncDispose]() {
      // Nothing else uses the activity: no task is lost with its polls.
      await source.stop({ graceMs: 0 });
      await component[Symbol.asyncDispose]();
    },
  };
}
