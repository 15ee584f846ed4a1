import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';

/** Bytes for bytes, as latin1. A generator's are sent as fast as they are taken, one piece a turn. */
export type RawAnswer = string | Buffer | (() => Generator<string | Buffer>);

/** A server that speaks what it likes in answer to HTTP. */
export interface RawServer extends AsyncDisposable {
  readonly url: string;
  /** Connections that are open and have asked for something. */
  unanswered(): number;
}

export interface RawServerOptions {
  /** Milliseconds between the pieces of a generator. Default: none. */
  paceMs?: number;
}

export async function startRawServer(
  answer: RawAnswer,
  { paceMs }: RawServerOptions = {},
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const asking = new Set<Socket>();
  const pause = () =>
    new Promise((resolve) =>
      paceMs === undefined ? setImmediate(resolve) : setTimeout(resolve, paceMs),
    );

  async function reply(socket: Socket): Promise<void> {
    const pieces = typeof answer === 'function' ? answer() : [answer];
    for (const piece of pieces) {
      if (socket.destroyed) return;
      const taken = socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
      // Also ends where the other side has gone.
      if (!taken) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
      await pause();
    }
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once('data', () => {
      asking.add(socket);
      reply(socket).catch(() => socket.destroy());
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      asking.delete(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    unanswered: () => asking.size,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
