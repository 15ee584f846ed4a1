import { createStepFuncSource } from 'stepfunc-source';
import { FakeSfn } from 'stepfunc-source/testing';
import type { Invoke } from 'stepfunc-source';
import { expect, test, vi } from 'vitest';

// The examples of docs/testing.md, as they stand there.

const config = { activityName: 'sum', path: '/step/sum' };
const sum: Invoke = async ({ body }) => {
  const { a, b } = JSON.parse(body) as { a: number; b: number };
  return Promise.resolve({ status: 200, headers: {}, body: JSON.stringify(a + b) });
};

test('adds up', async () => {
  const sfn = new FakeSfn({ longPollMs: 10 });
  await using source = createStepFuncSource(config, sum, { client: sfn });
  await source.start();
  expect(await sfn.runTask('sum', { a: 1, b: 2 })).toEqual({ status: 'SUCCEEDED', output: '3' });
});

test('survives a report whose answer is lost', async () => {
  const sfn = new FakeSfn({ longPollMs: 10 });
  await using source = createStepFuncSource(config, sum, { client: sfn });
  await source.start();
  sfn.fault({ kind: 'lostAnswer', operation: 'SendTaskSuccess' });
  expect(await sfn.runTask('sum', { a: 1, b: 2 })).toEqual({ status: 'SUCCEEDED', output: '3' });
  await vi.waitFor(() => expect(sfn.calls('SendTaskSuccess')).toBe(2), 5_000);
});
