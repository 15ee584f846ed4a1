import { GetActivityTaskCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { createStepFuncSource } from 'stepfunc-source';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../lib/async/clock.js';
import { attemptsOf } from '../../lib/sfn/errors.js';
import { createClients } from '../../lib/sfn/clients.js';
import { awsEnvironment, pointSdkAt } from '../support/integration/aws-environment.js';
import { json, startComponent } from '../support/integration/component.js';
import { startTap } from '../support/integration/tap.js';
import { until } from '../support/integration/until.js';

afterEach(() => void vi.unstubAllEnvs());

function clientsAt(endpoint: string, env: Record<string, string> = {}) {
  for (const [name, value] of Object.entries({ ...awsEnvironment(endpoint), ...env })) {
    vi.stubEnv(name, value);
  }
  const clients = createClients(systemClock);
  onTestFinished(() => clients.destroy());
  return clients;
}

const { signal } = new AbortController();
const success = (output = '1') => new SendTaskSuccessCommand({ taskToken: 't', output });

/** A way to a port that lets so many bytes a second up. */
async function startSlowLink(toPort: number, bytesPerSecond: number) {
  const sockets = new Set<Socket>();
  let up = 0;
  const server = createServer({ highWaterMark: 4_096 }, (near) => {
    const far = connect(toPort, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    near.on('data', (data: Buffer) => {
      up += data.byteLength;
      near.pause();
      setTimeout(
        () => {
          far.write(data);
          near.resume();
        },
        (data.byteLength / bytesPerSecond) * 1_000,
      );
    });
    far.pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    up: () => up,
  };
}

describe('a slow link', () => {
  it('T13: a report of 250 KB at 22 KB/s gets through by one upload', async () => {
    await using aws = await startComponent(json({}));
    const link = await startSlowLink(Number(new URL(aws.url).port), 22_000);
    const clients = clientsAt(link.endpoint);
    const output = JSON.stringify('x'.repeat(250_000));
    const from = performance.now();
    const done = await clients.report.send(success(output), { abortSignal: signal });
    expect(attemptsOf(done)).toBe(1);
    expect(performance.now() - from).toBeGreaterThan(10_000);
    expect(aws.requests).toHaveLength(1);
    expect(link.up()).toBeLessThan(1.1 * output.length);
  });
});

/** A proxy for CONNECT: what it was asked for, and by whom. */
async function startProxy({ refuseWith }: { refuseWith?: number } = {}) {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    sockets.add(near);
    near.on('error', () => near.destroy());
    near.once('data', (head: Buffer) => {
      asked.push(head.toString('latin1'));
      const [, host = '', port = ''] = /^CONNECT ([^:\s]+):(\d+)/.exec(head.toString()) ?? [];
      if (refuseWith !== undefined || host === '') {
        near.end(`HTTP/1.1 ${refuseWith ?? 400} Refused\r\ncontent-length: 0\r\n\r\n`);
        return;
      }
      const far = connect(Number(port), '127.0.0.1');
      far.on('error', () => near.destroy());
      near.on('close', () => far.destroy());
      near.write('HTTP/1.1 200 Connected\r\n\r\n');
      near.pipe(far).pipe(near);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, asked };
}

describe('a proxy of the environment', () => {
  it("is used with NODE_USE_ENV_PROXY, with its user and password, by every one of the source's calls", async () => {
    const proxy = await startProxy();
    await using server = await startFakeSfnServer({ longPollMs: 50 });
    pointSdkAt(`http://states.test:${server.port}`);
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    vi.stubEnv('HTTP_PROXY', `http://worker:hunter2@127.0.0.1:${proxy.port}`);
    const source = createStepFuncSource(
      { activityName: 'sum', path: '/' },
      async ({ body }) => new Response(body),
    );
    await source.start();
    expect(await server.sfn.runTask('sum', 1)).toEqual({ status: 'SUCCEEDED', output: '1' });
    await source.stop({ graceMs: 0 });
    expect(proxy.asked.length).toBeGreaterThan(0);
    for (const head of proxy.asked) {
      expect(head).toContain(`CONNECT states.test:${server.port}`);
      expect(head).toContain(`Basic ${Buffer.from('worker:hunter2').toString('base64')}`);
    }
  });

  it('is left alone for what NO_PROXY lists, and without NODE_USE_ENV_PROXY', async () => {
    const proxy = await startProxy();
    await using aws = await startComponent(json({}));
    const HTTP_PROXY = `http://127.0.0.1:${proxy.port}`;
    for (const env of [
      { HTTP_PROXY, NODE_USE_ENV_PROXY: '1', NO_PROXY: '127.0.0.1' },
      { HTTP_PROXY, NODE_USE_ENV_PROXY: '' },
    ]) {
      await clientsAt(aws.url, env).report.send(success(), { abortSignal: signal });
    }
    expect(aws.requests).toHaveLength(2);
    expect(proxy.asked).toEqual([]);
  });

  it.each([
    ['that refuses', { refuseWith: 407 }, 'ProxyError'],
    ['that is not there', undefined, 'ECONNREFUSED'],
  ])('%s is named in the error, without its password', async (_, options, name) => {
    const port = options === undefined ? 9 : (await startProxy(options)).port;
    const clients = clientsAt('http://states.test', {
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: `http://worker:hunter2@127.0.0.1:${port}`,
    });
    const call = clients.poll.send(new GetActivityTaskCommand({ activityArn: 'arn' }), {
      abortSignal: signal,
    });
    const error = (await call.catch((thrown: unknown) => thrown)) as Error & { code?: string };
    expect([error.name, error.code]).toContain(name);
    expect(error.message).toContain(`(through the proxy http://127.0.0.1:${port} of HTTP_PROXY)`);
    expect(error.message).not.toMatch(/worker|hunter2/);
  });

  it('that is set but not used is named in the error of a connection that fails', async () => {
    const clients = clientsAt('http://127.0.0.1:9', { HTTP_PROXY: 'http://proxy:3128' });
    await expect(
      clients.poll.send(new GetActivityTaskCommand({ activityArn: 'arn' }), {
        abortSignal: signal,
      }),
    ).rejects.toThrow(/ECONNREFUSED.*HTTP_PROXY is set but not used, without NODE_USE_ENV_PROXY=1/);
  });
});

describe('connections', () => {
  it('are as many as there are calls at a time, and those that were used last are used again', async () => {
    await using aws = await startComponent(json({}));
    await using tap = await startTap(Number(new URL(aws.url).port));
    const clients = clientsAt(tap.endpoint);
    const send = async () => {
      await clients.report.send(success(), { abortSignal: signal });
      // A connection gets a request again after a turn of the loop.
      await setImmediate();
    };
    await Promise.all(Array.from({ length: 8 }, send));
    expect(tap.soFar()).toBe(8);
    for (let i = 0; i < 20; i += 1) await send();
    expect(tap.soFar()).toBe(8);
    const lengths = tap.sent().map((text) => text.split('POST /').length - 1);
    expect(lengths.sort((a, b) => b - a)).toEqual([21, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('that the other side has closed are replaced', async () => {
    await using aws = await startComponent(json({}));
    const clients = clientsAt(aws.url);
    const send = () => clients.report.send(success(), { abortSignal: signal });
    await Promise.all([send(), send(), send()]);
    aws.closeIdleConnections();
    await until(() => expect(aws.connections()).toBe(0));
    await send();
    expect(aws.connections()).toBe(1);
  });
});
