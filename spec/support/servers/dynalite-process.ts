import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** DynamoDB's API over a store in memory. Writes its URL, and ends with its parent. */
process.stdin.on('end', () => process.exit()).resume();

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
process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
