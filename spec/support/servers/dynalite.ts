import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** DynamoDB's API over a store in memory, in this process. */
export interface Dynalite {
  readonly url: string;
  /** Ends its connections. */
  close(): Promise<void>;
}

export async function startDynalite(): Promise<Dynalite> {
  // It comes without types, and under a name of its own for the compiler.
  const name = 'dynalite';
  const { default: dynalite } = (await import(name)) as {
    default(options: { createTableMs: number }): Server;
  };
  const server = dynalite({ createTableMs: 0 });
  // It throws what a client leaves behind that goes away in the middle of a request, and with that
  // ends the process.
  server.prependListener('request', (request: IncomingMessage) => {
    const on = request.on.bind(request);
    request.on = ((event: string, listener: () => void) =>
      on(event, event === 'error' ? () => undefined : listener)) as typeof request.on;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      // Its own `close` closes the data too. A request that is still queued then throws, although
      // its client has long stopped waiting, and ends the process.
      Server.prototype.close.call(server);
      server.closeAllConnections();
      await closed;
    },
  };
}
