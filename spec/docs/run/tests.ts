import {
  CreateActivityCommand,
  GetActivityTaskCommand,
  SendTaskFailureCommand,
} from '@aws-sdk/client-sfn';
import { createStepFuncSource } from 'stepfunc-source';
import { functionInvoke } from 'stepfunc-source/function';
import { describe, expect, vi } from 'vitest';
import { freePort } from '../../support/integration/free-port.js';
import { startNode } from '../../support/integration/process.js';
import { write, writeProgram } from './folder.js';
import type { Run } from './run.js';
import { alone, beside, titleOf } from './run.js';
import { well } from './scene.js';

/** A block that is a test: it registers itself. */
export const test: Run = {
  concurrent: false,
  register: (block) =>
    void describe(titleOf(block, 'a test'), async () => {
      const ends: (() => Promise<void>)[] = [];
      await import(await write(block, (remove) => ends.push(remove)));
      // Not in afterAll, which is not called where a run is of other tests only.
      for (const remove of ends) await remove();
    }),
};

/** A file of tests for node:test, which is a program of its own. */
export const testProcess = beside('tests in a process', async (block, { onTestFinished }) => {
  const file = await writeProgram(block, onTestFinished);
  const tests = startNode(['--test-reporter', 'tap', file], { env: {} });
  onTestFinished(() => tests.signal('SIGKILL'));
  expect(await tests.ended).toEqual(well);
  const titles = [...block.code.matchAll(/^test\('(.*)',/gm)].map(([, title = '']) => title);
  expect(titles.length).toBeGreaterThan(1);
  const passed = tests.said().filter((line) => line.startsWith('ok '));
  expect(passed).toEqual(titles.map((title, i) => `ok ${i + 1} - ${title}`));
});

/** A fake in a process of its own: it runs a task of a service that finds it by its port. */
export const fakeProcess = beside('a fake in a process', async (block, { onTestFinished }) => {
  const port = String(await freePort());
  const file = await writeProgram(block, onTestFinished, (text) => text.replace('4599', port));
  const fake = startNode([file], { env: {} });
  onTestFinished(() => fake.signal('SIGKILL'));
  const clientConfig = {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const config = { activityName: 'sum', path: '/sum', maxConcurrency: 1, concurrencyPerPoller: 1 };
  const invoke = functionInvoke((numbers: number[]) => numbers.reduce((sum, each) => sum + each));
  const service = createStepFuncSource(config, invoke, { clientConfig });
  onTestFinished(async () => {
    await service.stop({ graceMs: 0 });
  });
  await service.start();
  expect(await fake.ended).toEqual(well);
  expect(fake.said()).toEqual(["{ status: 'SUCCEEDED', output: '6' }"]);
});

/** What is assumed is made anew for each block. */
const assumed = async () => {
  vi.resetModules();
  return import('../assumed/testing.js');
};

/** What stands in a test: it expects something, and that comes true. */
export const inTest = alone('what stands in a test', async (block, context) => {
  expect.hasAssertions();
  const file = await write(block, context.onTestFinished);
  vi.resetModules();
  await import(file);
});

/** The same, in a test whose service runs. */
export const besideService = alone('what stands in a test of a service', async (block, context) => {
  expect.hasAssertions();
  const file = await write(block, context.onTestFinished);
  const { config, invoke, sfn } = await assumed();
  const service = createStepFuncSource(config, invoke, { client: sfn });
  context.onTestFinished(async () => {
    await service.stop({ graceMs: 0 });
  });
  await service.start();
  await import(file);
});

/** Three polls are throttled, a failure with a cause is refused, and the activity is gone. */
export const faults = alone('faults', async (block, context) => {
  const file = await write(block, context.onTestFinished);
  const { sfn } = await assumed();
  await sfn.send(new CreateActivityCommand({ name: 'sum' }));
  await import(file);

  const activityArn = sfn.activityArn('sum');
  const poll = () => sfn.send(new GetActivityTaskCommand({ activityArn }));
  for (const name of [...Array<string>(3).fill('ThrottlingException'), 'ActivityDoesNotExist']) {
    await expect(poll()).rejects.toMatchObject({ name });
  }
  const fail = (cause?: string) =>
    sfn.send(new SendTaskFailureCommand({ taskToken: 'unknown', cause }));
  await expect(fail()).rejects.toMatchObject({ name: 'InvalidToken' });
  await expect(fail('why')).rejects.toMatchObject({ name: 'KmsAccessDeniedException' });
});
