import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createStepFuncSource } from 'stepfunc-source';
import type { Invoke } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import type { TaskOutcome } from 'stepfunc-source/testing';
import { FakeSfn, startFakeSfnServer } from 'stepfunc-source/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { startComponent } from '../support/integration/component.js';
import { killProcesses, startProcess } from '../support/integration/process.js';
import { until } from '../support/integration/until.js';

afterEach(killProcesses);

const INVOKE_TIMEOUT_MS = 1_000;

/** A component in a thread of its own: it goes on while the loop of the source is blocked. */
async function startThread(answerAfterMs: number) {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
    const server = require('node:http').createServer((request, response) => {
      request.resume().once('end', () =>
        setTimeout(() => response.end('"answered"'), ${answerAfterMs}));
    });
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
    { eval: true },
  );
  const [port] = (await once(worker, 'message')) as [number];
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

const invokes: [string, (url: string) => Invoke][] = [
  ['httpInvoke', (url) => httpInvoke(url)],
  ['fetch', (url) => (request, signal) => fetch(url + request.path, { ...request, signal })],
];

/** The loop is blocked from when the request has gone out until after the time limit. */
async function outcomeWithBlock(invoke: Invoke, blockMs: number): Promise<TaskOutcome> {
  const sfn = new FakeSfn({ longPollMs: 10 });
  const config = { activityName: 'sum', path: '/', invokeTimeoutMs: INVOKE_TIMEOUT_MS };
  const blocking: Invoke = (request, signal) => {
    const answer = invoke(request, signal);
    // By then it has been written to the socket.
    setTimeout(() => block(blockMs), 50);
    return answer;
  };
  await using source = createStepFuncSource(config, blocking, { client: sfn });
  await source.start();
  return await sfn.runTask('sum', 1);
}

describe.each(invokes)('behind %s', (_, invokeOf) => {
  it('T12: a response that came while the loop was blocked is no timeout', async () => {
    await using component = await startThread(100);
    const outcome = await outcomeWithBlock(invokeOf(component.url), 1_500);
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: '"answered"' });
  });

  it('T9, T12: one that has not come by then is', async () => {
    await using component = await startThread(60_000);
    const outcome = await outcomeWithBlock(invokeOf(component.url), 1_500);
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'StepFuncSource.Timeout' });
  });
});

it.each([
  ['httpInvoke', false],
  ['fetch', true],
])(
  'T12: behind %s, a response that came while the process was stopped is no timeout',
  async (_, byFetch) => {
    await using server = await startFakeSfnServer({ longPollMs: 200 });
    let answer: () => void = () => undefined;
    await using component = await startComponent((_, response) => {
      answer = () => response.end('"answered"');
    });
    const config = { invokeTimeoutMs: INVOKE_TIMEOUT_MS * 3 };
    const service = startProcess('service.ts', server.endpoint, {
      componentUrl: component.url,
      config,
      byFetch,
    });
    const outcome = server.sfn.runTask('sum', 1);
    await until(() => expect(component.requests).toHaveLength(1));
    service.signal('SIGSTOP');
    answer();
    await new Promise((resolve) => setTimeout(resolve, config.invokeTimeoutMs + 500));
    service.signal('SIGCONT');
    expect(await outcome).toEqual({ status: 'SUCCEEDED', output: '"answered"' });
    service.terminate();
    expect(await service.ended).toMatchObject({ code: 0 });
  },
);
