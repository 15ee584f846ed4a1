import { setImmediate } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { createStepFuncSource } from 'stepfunc-source';
import type { Invoke } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import type { TaskOutcome } from 'stepfunc-source/testing';
import { FakeSfn } from 'stepfunc-source/testing';
import { Agent } from 'undici';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Handler } from '../support/integration/component.js';
import { echo, json, startComponent } from '../support/integration/component.js';
import { startRawServer } from '../support/integration/raw-server.js';
import { until } from '../support/integration/until.js';

afterEach(() => void vi.useRealTimers());

async function outcomeOf(invoke: Invoke): Promise<TaskOutcome> {
  const sfn = new FakeSfn({ longPollMs: 10 });
  const config = { activityName: 'sum', path: '/step' };
  await using source = createStepFuncSource(config, invoke, { client: sfn });
  await source.start();
  return await sfn.runTask('sum', 1);
}

const withDispatcher = (url: string) => {
  const dispatcher = new Agent();
  const invoke = httpInvoke(url, { dispatcher });
  return Object.assign(invoke, { close: () => dispatcher.close() });
};
const invokes: [string, (url: string) => Invoke][] = [
  ['httpInvoke', (url) => httpInvoke(url)],
  ['httpInvoke by a dispatcher of one’s own', withDispatcher],
  ['fetch', (url) => (request, signal) => fetch(url + request.path, { ...request, signal })],
];

const text = '{"name":"José €"}';
const succeeded = { status: 'SUCCEEDED', output: text };
const answer =
  (body: Buffer, headers: Record<string, string>, status = 200): Handler =>
  (_, response) =>
    response.writeHead(status, headers).end(body);
const coded = (coding: string, body: Buffer, status?: number, headers = {}) =>
  answer(body, { 'content-encoding': coding, ...headers }, status);
const typed = (charset: string, body: Buffer) =>
  answer(body, { 'content-type': `application/json; charset=${charset}` });

describe.each(invokes)('behind %s', (_, invokeOf) => {
  it.each<[string, Handler]>([
    ['gzip', coded('gzip', gzipSync(text))],
    ['GZIP', coded('GZIP', gzipSync(text))],
    ['x-gzip', coded('x-gzip', gzipSync(text))],
    ['deflate', coded('deflate', deflateSync(text))],
    ['br', coded('br', brotliCompressSync(text))],
    ['a BOM', typed('utf-8', Buffer.from(`\ufeff${text}`))],
    ['windows-1252', typed('"Windows-1252"', Buffer.from(text.replace('€', '\x80'), 'latin1'))],
    ['UTF-16', typed('utf-16le', Buffer.from(text, 'utf16le'))],
  ])('T11: a body in %s succeeds as what it says', async (_, handler) => {
    await using component = await startComponent(handler);
    expect(await outcomeOf(invokeOf(component.url))).toEqual(succeeded);
  });

  it('T11: one that is neither UTF-8 nor declared fails, and no U+FFFD gets through', async () => {
    await using component = await startComponent(answer(Buffer.from('"\xe9"', 'latin1'), {}));
    expect(await outcomeOf(invokeOf(component.url))).toMatchObject({
      status: 'FAILED',
      error: 'StepFuncSource.InvalidOutput',
      cause: expect.stringContaining('byte 1 (0xE9) is not UTF-8') as string,
    });
  });

  it('T15: an error that a proxy sends once more counts once', async () => {
    const head = 'HTTP/1.1 500 No\r\nstep-func-error: E\r\nStep-Func-Error: E\r\n';
    await using component = await startRawServer(`${head}content-length: 0\r\n\r\n`);
    const outcome = await outcomeOf(invokeOf(component.url));
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'E' });
  });

  it.each([301, 302, 303, 307, 308])(
    'follows no redirect of %i to a page that would pass for an output',
    async (status) => {
      await using login = await startComponent(json('login'));
      const location = `${login.url}/login?token=hunter2`;
      await using component = await startComponent(answer(Buffer.of(), { location }, status));
      const error = `StepFuncSource.Http${status}`;
      const outcome = await outcomeOf(invokeOf(component.url));
      expect(outcome).toMatchObject({ status: 'FAILED', error });
      expect(outcome).toHaveProperty('cause', expect.stringContaining(`${login.url}/login?…`));
      expect(login.requests).toEqual([]);
    },
  );
});

describe('behind httpInvoke, a coded body', () => {
  it('T4: that is cut off or corrupt fails; a failure keeps its own error name', async () => {
    const cut = gzipSync(text).subarray(0, -9);
    await using bad = await startComponent(coded('gzip', cut));
    expect(await outcomeOf(httpInvoke(bad.url))).toMatchObject({
      error: 'StepFuncSource.InvokeFailed',
      cause: expect.stringContaining("can't be decoded by its content-encoding gzip") as string,
    });
    const headers = { 'step-func-error': 'Own' };
    await using failure = await startComponent(coded('gzip', cut, 500, headers));
    expect(await outcomeOf(httpInvoke(failure.url))).toMatchObject({
      error: 'Own',
      cause: expect.stringContaining("can't be decoded") as string,
    });
  });

  it('T3: of a failure is its cause', async () => {
    await using component = await startComponent(coded('br', brotliCompressSync('why é'), 500));
    expect(await outcomeOf(httpInvoke(component.url))).toMatchObject({ cause: 'why é' });
  });

  it.each(['zstd', 'gzip, br'])('in %s is left as it is, and named', async (coding) => {
    await using component = await startComponent(coded(coding, gzipSync(text)));
    expect(await outcomeOf(httpInvoke(component.url))).toMatchObject({
      error: 'StepFuncSource.InvalidOutput',
      cause: expect.stringContaining(`Its content-encoding is ${coding}.`) as string,
    });
  });

  it('T4: is not asked for, and one of 100 MB is too large', async () => {
    const bomb = gzipSync(Buffer.alloc(100_000_000, '7'));
    await using component = await startComponent(coded('gzip', bomb));
    expect(await outcomeOf(httpInvoke(component.url))).toMatchObject({
      error: 'StepFuncSource.OutputTooLarge',
    });
    expect(component.requests[0]?.headers).not.toHaveProperty('accept-encoding');
  });

  it('of as many bytes as AWS takes arrives whole, even if coding made it longer', async () => {
    const output = `"${'x'.repeat(262_142)}"`;
    await using component = await startComponent(coded('gzip', gzipSync(output, { level: 0 })));
    expect(await outcomeOf(httpInvoke(component.url))).toEqual({ status: 'SUCCEEDED', output });
  });
});

it('T9: a function of headers that never settles costs its own task only', async () => {
  await using component = await startComponent(echo);
  let asked = 0;
  const invoke = httpInvoke(component.url, {
    headers: () => ((asked += 1) === 1 ? new Promise(() => undefined) : { 'x-asked': 'yes' }),
  });
  const sfn = new FakeSfn({ longPollMs: 10 });
  const config = { activityName: 'sum', path: '/step', invokeTimeoutMs: 300 };
  await using source = createStepFuncSource(config, invoke, { client: sfn });
  await source.start();
  const error = 'StepFuncSource.Timeout';
  expect(await sfn.runTask('sum', 1)).toMatchObject({ status: 'FAILED', error });
  expect(await sfn.runTask('sum', 2)).toEqual({ status: 'SUCCEEDED', output: '2' });
  expect(component.requests.map(({ headers }) => headers['x-asked'])).toEqual(['yes']);
});

it('sends the component the short id of the task', async () => {
  await using component = await startComponent(echo);
  const sfn = new FakeSfn({ longPollMs: 10 });
  const config = { activityName: 'sum', path: '/step' };
  await using source = createStepFuncSource(config, httpInvoke(component.url), { client: sfn });
  const received: string[] = [];
  source.on('taskReceived', ({ task }) => received.push(task));
  await source.start();
  await sfn.runTask('sum', 1);
  expect(component.requests[0]?.headers['step-func-task']).toBe(received[0]);
});

it('renews connections after minutes, so that a changed DNS record is seen', async () => {
  await using component = await startComponent(echo);
  const invoke = httpInvoke(component.url);
  const request = {
    method: 'POST' as const,
    path: '/',
    headers: {},
    body: '1',
    redirect: 'manual' as const,
    task: 't',
  };
  const send = async () => {
    await invoke(request, new AbortController().signal);
    // A connection gets a request again after a turn of the loop.
    await setImmediate();
  };
  vi.useFakeTimers({ toFake: ['performance'] });
  for (let i = 0; i < 20; i++) await send();
  expect(component.connectionsSoFar()).toBe(1);
  vi.advanceTimersByTime(179_000);
  await send();
  expect(component.connectionsSoFar()).toBe(1);
  vi.advanceTimersByTime(2_000);
  await send();
  expect(component.connectionsSoFar()).toBe(2);
  await until(() => expect(component.connections()).toBe(1));
  await invoke.close();
});
