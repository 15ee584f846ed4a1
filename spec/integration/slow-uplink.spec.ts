import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createStepFuncSource } from 'stepfunc-source';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterEach, expect, it, vi } from 'vitest';
import { pointSdkAt } from '../support/integration/aws-environment.js';

/** As much as a DSL line takes: a report of 250 KB is under way for more than 11 s. */
const BYTES_PER_SECOND = 22_000;
const TICK_MS = 50;

vi.setConfig({ testTimeout: 120_000 });
afterEach(() => void vi.unstubAllEnvs());

interface SlowUplink extends AsyncDisposable {
  endpoint: string;
  /** Bytes that have come out of it at the far end, or wait for that. */
  taken(): number;
}

/** A way to a server that takes what is sent as a kernel does, and lets it through as a thin line does. */
async function startSlowUplink(toPort: number): Promise<SlowUplink> {
  const sockets = new Set<Socket>();
  let taken = 0;

  async function trickle(near: Socket, far: Socket): Promise<void> {
    for await (const chunk of near as AsyncIterable<Buffer>) {
      taken += chunk.length;
      const step = (BYTES_PER_SECOND * TICK_MS) / 1_000;
      for (let at = 0; at < chunk.length; at += step) {
        far.write(chunk.subarray(at, at + step));
        if (chunk.length > step) await pause(TICK_MS);
      }
    }
    far.end();
  }

  const server = createServer((near) => {
    const far = connect(toPort, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    trickle(near, far).catch(() => far.destroy());
    far.pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken: () => taken,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

it('T13: a report of 250 KB on a slow line is uploaded once, and taken', async () => {
  await using server = await startFakeSfnServer({ longPollMs: 200 });
  await using uplink = await startSlowUplink(Number(new URL(server.endpoint).port));
  pointSdkAt(uplink.endpoint);
  const output = JSON.stringify('x'.repeat(250_000));
  const source = createStepFuncSource(
    { activityName: 'sum', path: '/' },
    async () => new Response(output),
  );
  const failures: string[] = [];
  source.on('reportFailed', ({ error }) => failures.push(error));
  await source.start();
  const startedAt = performance.now();
  expect(await server.sfn.runTask('sum', 1)).toEqual({ status: 'SUCCEEDED', output });
  // Longer than a call that carries next to nothing may take.
  expect(performance.now() - startedAt).toBeGreaterThan(10_000);
  await source.stop();
  expect(failures).toEqual([]);
  expect(server.sfn.calls('SendTaskSuccess')).toBe(1);
  expect(uplink.taken()).toBeLessThan(2 * output.length);
  expect(source.status()).toMatchObject({ received: 1, succeeded: 1, lost: 0 });
});
