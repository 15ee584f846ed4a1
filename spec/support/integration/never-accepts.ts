import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A process that listens and never accepts: SYNs go unanswered once its backlog is full. */
const server = createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  console.log((server.address() as AddressInfo).port);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
