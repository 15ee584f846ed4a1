import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { cancelQuery } from '../../../lib/locks/postgres-cancel.js';

/** A server that keeps what each connection sends, to its end. */
async function startServer(listenOn: string | number) {
  const received: Promise<Buffer>[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    received.push(buffer(socket));
  });
  if (typeof listenOn === 'string') server.listen(listenOn);
  else server.listen(listenOn, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    server,
    port: (server.address() as Partial<AddressInfo>).port,
    async oneRequest(): Promise<Buffer> {
      if (received.length === 0) await once(server, 'connection');
      return received[0] ?? expect.unreachable();
    },
  };
}

/** The request as PostgreSQL's protocol has it: length, code, process, key. */
const cancelOf = (processID: number, secretKey: number) => {
  const request = Buffer.alloc(16);
  [16, 80_877_102, processID, secretKey].forEach((value, i) => request.writeInt32BE(value, 4 * i));
  return request;
};

describe('cancelQuery', () => {
  it.each([
    [4_711, 123_456_789],
    // A key has 32 bits, with a sign.
    [1, -2_147_483_648],
  ])(
    'L11: sends one request with the keys of the connection (%d, %d)',
    async (processID, secretKey) => {
      const { port, oneRequest } = await startServer(0);
      cancelQuery({ host: '127.0.0.1', port, processID, secretKey });
      expect(await oneRequest()).toEqual(cancelOf(processID, secretKey));
    },
  );

  it('L11: finds the socket of a server on the same machine', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pg-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { oneRequest } = await startServer(join(folder, '.s.PGSQL.5432'));
    cancelQuery({ host: folder, port: 5_432, processID: 1, secretKey: 2 });
    expect(await oneRequest()).toEqual(cancelOf(1, 2));
  });

  it.each<[string, object | undefined]>([
    ['is none', undefined],
    ['has no host', { host: undefined }],
    ['is not connected', { processID: null }],
    ['keeps its key to itself', { secretKey: undefined }],
  ])('sends nothing for a connection that %s', async (_, without) => {
    const { port, oneRequest } = await startServer(0);
    const client = { host: '127.0.0.1', port, processID: 1, secretKey: 2 };
    cancelQuery(without === undefined ? undefined : { ...client, ...without });
    // This one would come second.
    cancelQuery({ ...client, processID: 7 });
    expect(await oneRequest()).toEqual(cancelOf(7, 2));
  });

  it('L9: a server that is gone does no harm', async () => {
    const { port, server } = await startServer(0);
    server.close();
    await once(server, 'close');
    const onError = vi.fn();
    process.on('uncaughtExceptionMonitor', onError);
    onTestFinished(() => void process.off('uncaughtExceptionMonitor', onError));
    cancelQuery({ host: '127.0.0.1', port, processID: 1, secretKey: 2 });
    const refused = connect({ host: '127.0.0.1', port: port ?? 0 });
    await once(refused, 'close').catch(() => undefined);
    expect(onError).not.toHaveBeenCalled();
  });
});
