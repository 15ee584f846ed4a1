import type { Invoke, StepFuncSourceEvents } from 'stepfunc-source';
import { createStepFuncSource } from 'stepfunc-source';
import { describe, expect, it, vi } from 'vitest';
import type { GateAnswer } from '../support/integration/gate.js';
import { startGate } from '../support/integration/gate.js';
import { useServedFake } from '../support/integration/served-fake.js';

vi.setConfig({ testTimeout: 120_000 });

const server = useServedFake();

/** The input says how much comes back, and whether it is a failure. */
const component: Invoke = async ({ body }) => {
  const { bytes, fails } = JSON.parse(body) as { bytes: number; fails?: boolean };
  const text = 'x'.repeat(bytes);
  return fails === true
    ? new Response('', {
        status: 500,
        headers: { 'step-func-error': 'Sum.No', 'step-func-cause': text },
      })
    : new Response(JSON.stringify(text));
};

/** A source whose way to AWS leads through a gate. */
async function sourceBehind(
  activityName: string,
  answer: (operation: string, body: Buffer) => GateAnswer | undefined,
) {
  const gate = await startGate(server.endpoint, answer);
  const source = createStepFuncSource({ activityName, path: '/' }, component, {
    clientConfig: { endpoint: gate.endpoint },
  });
  const reportsFailed: StepFuncSourceEvents['reportFailed'][] = [];
  const pollsFailed: StepFuncSourceEvents['pollFailed'][] = [];
  source.on('reportFailed', (event) => reportsFailed.push(event));
  source.on('pollFailed', (event) => pollsFailed.push(event));
  await source.start();
  return {
    gate,
    reportsFailed,
    pollsFailed,
    async [Symbol.asyncDispose]() {
      await source.stop({ graceMs: 0 });
      await gate[Symbol.asyncDispose]();
    },
  };
}

describe.concurrent('a gate that takes no more than 10 KB', () => {
  const tooLarge = (_: string, body: Buffer) =>
    body.length > 10_000 ? { status: 413 } : undefined;

  it('T6: an output that is larger fails its task as too large', async () => {
    await using behind = await sourceBehind('large-output', tooLarge);
    expect(await server.sfn.runTask('large-output', { bytes: 20_000 })).toEqual({
      status: 'FAILED',
      error: 'StepFuncSource.OutputTooLarge',
      cause: expect.stringMatching(/output of 20002 bytes .* 413/) as string,
    });
    expect(behind.gate.answered()).toBe(1);
  });

  it('T14: a cause that is larger is left out, and the error name is kept', async () => {
    await using behind = await sourceBehind('large-cause', tooLarge);
    const outcome = await server.sfn.runTask('large-cause', { bytes: 20_000, fails: true });
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'Sum.No' });
    expect(behind.gate.answered()).toBe(1);
  });
});

/** What gates answer for reasons of their own, which may pass. */
const refusals: [string, GateAnswer, words: RegExp][] = [
  ['leads to a login page', { status: 302, headers: { location: 'http://login' } }, /HTTP 302/],
  ['answers with its login page', { status: 200 }, /HTTP 200/],
  ['does not understand the request', { status: 400 }, /HTTP 400/],
  ['forbids it', { status: 403 }, /HTTP 403/],
  ['wants a password', { status: 407 }, /HTTP 407/],
  ['finds the path too long', { status: 414 }, /HTTP 414/],
  ['has had too many requests', { status: 429 }, /HTTP 429/],
  ['finds the headers too large', { status: 431 }, /HTTP 431/],
  ['has no server behind it', { status: 503 }, /HTTP 503/],
];

describe.concurrent('a gate that', () => {
  it.each(refusals)('T6: %s: the report is sent until it gets through', async (_, own, words) => {
    const activityName = `report-${own.status}`;
    let left = 4;
    await using behind = await sourceBehind(activityName, (operation) =>
      operation === 'SendTaskSuccess' && left-- > 0 ? own : undefined,
    );
    const outcome = await server.sfn.runTask(activityName, { bytes: 1 });
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: '"x"' });
    expect(behind.gate.answered()).toBe(4);
    expect(behind.reportsFailed[0]?.message).toMatch(words);
  });

  it.each(refusals)('P1: %s: the poller polls on', async (_, own, words) => {
    const activityName = `poll-${own.status}`;
    let left = 1;
    await using behind = await sourceBehind(activityName, (operation) =>
      operation === 'GetActivityTask' && left-- > 0 ? own : undefined,
    );
    const outcome = await server.sfn.runTask(activityName, { bytes: 1 });
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: '"x"' });
    expect(behind.pollsFailed.map(({ message }) => message)).toEqual([
      expect.stringMatching(words) as string,
    ]);
  });
});
