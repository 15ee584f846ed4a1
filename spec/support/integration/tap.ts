import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** A way to a server on which every connection can be seen. */
export interface Tap extends AsyncDisposable {
  /** Where clients find the server. */
  readonly endpoint: string;
  /** Connections that are open. */
  open(): number;
  /** Connections that there have been. */
  soFar(): number;
  /** All that clients have sent, connection after connection. */
  sent(): string[];
  /** Resets every connection. New ones are welcome. */
  cut(): void;
}

/** Leads to a port, or, without one, to a server that takes connections and never says a word. */
export async function startTap(toPort?: number): Promise<Tap> {
  const sockets = new Set<Socket>();
  const sent: string[] = [];

  const server = createServer((near) => {
    const index = sent.push('') - 1;
    sockets.add(near);
    near.on('data', (data) => (sent[index] = `${sent[index] ?? ''}${data.toString('latin1')}`));
    near.on('error', () => near.destroy());
    near.on('close', () => sockets.delete(near));
    if (toPort === undefined) return;
    const far = connect(toPort, '127.0.0.1');
    near.pipe(far).pipe(near);
    far.on('error', () => near.destroy());
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: () => sockets.size,
    soFar: () => sent.length,
    sent: () => sent,
    cut() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
