import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import type { Invoke } from 'stepfunc-source';
import { createStepFuncSource } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import { FakeSfn } from 'stepfunc-source/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePort } from '../support/integration/free-port.js';
import { until } from '../support/integration/until.js';

const viaFetch =
  (url: string): Invoke =>
  (request, signal) =>
    fetch(`${url}${request.path}`, { ...request, signal });

/** A source that waits for its component, and its invoke, which counts. */
function waitingSource(sfn: FakeSfn, behind: Invoke) {
  const invoke = vi.fn(behind);
  const config = { activityName: 'sum', path: '/', onComponentDown: 'wait' } as const;
  return { invoke, source: createStepFuncSource(config, invoke, { client: sfn }) };
}

describe.each([
  ['httpInvoke', (url: string): Invoke => httpInvoke(url)],
  ['fetch', viaFetch],
])('a component that is down, behind %s', (_, invokeOf) => {
  it.each(['127.0.0.1', 'localhost'])(
    "onComponentDown 'wait': gets its task once it listens on %s",
    async (host) => {
      const port = await freePort();
      const sfn = new FakeSfn({ longPollMs: 500 });
      const { source, invoke } = waitingSource(sfn, invokeOf(`http://${host}:${port}`));
      await source.start();
      const outcome = sfn.runTask('sum', [1]);
      await until(() => expect(invoke.mock.calls.length).toBeGreaterThan(2));
      const received: string[] = [];
      const server = createServer((request, response) => {
        received.push(String(request.headers['step-func-task']));
        response.end('"up"');
      }).listen(port, host);
      expect(await outcome).toEqual({ status: 'SUCCEEDED', output: '"up"' });
      expect(received).toHaveLength(1);
      await source.stop();
      server.close();
      server.closeAllConnections();
    },
  );

  it("'wait': sends again what was closed before TLS was agreed on", async () => {
    const server = createTcpServer((socket) => socket.on('error', () => undefined).destroy());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const sfn = new FakeSfn({ longPollMs: 500 });
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { source, invoke } = waitingSource(sfn, invokeOf(url));
    await source.start();
    const outcome = sfn.runTask('sum', [1]);
    await until(() => expect(invoke.mock.calls.length).toBeGreaterThan(2));
    await source.stop({ graceMs: 0 });
    expect(await outcome).toMatchObject({ error: 'StepFuncSource.Stopped' });
  });

  it.each([
    ['refuses', 'ECONNREFUSED'],
    ['has a name that DNS does not know', 'ENOTFOUND|EAI_AGAIN|EAI_FAIL'],
  ])("'fail': one that %s is named in the event", async (what, code) => {
    const host = what === 'refuses' ? `127.0.0.1:${await freePort()}` : 'no-such-host.invalid:80';
    const sfn = new FakeSfn({ longPollMs: 500 });
    const source = createStepFuncSource(
      { activityName: 'sum', path: '/' },
      invokeOf(`http://${host}`),
      { client: sfn },
    );
    const failed = vi.fn();
    source.on('taskFailed', failed);
    await source.start();
    expect(await sfn.runTask('sum', [1])).toMatchObject({ error: 'StepFuncSource.InvokeFailed' });
    await until(() => expect(failed).toHaveBeenCalled());
    expect(failed.mock.calls).toMatchObject([
      [{ message: expect.stringMatching(new RegExp(code)) as unknown }],
    ]);
    await source.stop();
  });
});
