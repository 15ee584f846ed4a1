import { expect } from 'vitest';
import type { Run } from './run.js';
import { beside } from './run.js';
import { endsWell, holdAnswers, seen, setScene } from './scene.js';

/** A task that fails is logged with the execution that its input names. */
export const executionLogged: Run = beside('a source', async (block, context) => {
  const scene = await setScene(block, context, { driver: 'source.ts' });
  const example = scene.start();
  const outcome = await scene.runTask(example, { execution: 'arn:of:it' });
  expect(outcome).toMatchObject({ error: 'NotANumber' });
  example.terminate();
  const { code, stderr } = await example.ended;
  expect(code).toBe(0);
  expect(stderr).toMatch(/^task \w+-\w+ of arn:of:it failed with NotANumber$/m);
  // The log lines have it as well.
  expect(stderr).toContain("attributes: { execution: 'arn:of:it' }");
});

/** One task is at the component, and one line shows it. */
export const runsNow: Run = beside('what runs', async (block, context) => {
  const { handler, count, answerAll } = holdAnswers();
  const scene = await setScene(block, context, { driver: 'running.ts', handler });
  const example = scene.start();
  const outcome = scene.runTask(example, [1]);
  await seen(example, () => expect(count()).toBe(1));
  example.signal('SIGUSR2');
  const line = /^\w+-\w+ of poller 0: invoking for \d+ s, an execution$/m;
  await seen(example, () => expect(example.said().join('\n')).toMatch(line));
  answerAll();
  expect(await outcome).toMatchObject({ status: 'SUCCEEDED' });
  await endsWell(example);
});

/** A task that fails is a line of the logger's own. */
export const logs: Run = beside('a source that logs', async (block, context) => {
  const scene = await setScene(block, context, { driver: 'source.ts' });
  const example = scene.start();
  await scene.runTask(example, ['three']);
  example.terminate();
  const { code, stderr } = await example.ended;
  expect(code).toBe(0);
  expect(example.said().join('\n') + stderr).toMatch(/A task failed with NotANumber/);
});
