import { freePort } from '../integration/free-port.js';
import type { OwnServer } from './own-server.js';
import { acceptsAt, createOwnServer, temporaryFolder, whereIs } from './own-server.js';

export const redisServer = whereIs('redis-server') ?? whereIs('valkey-server');

/** A Redis of our own. `more`: further arguments. */
export async function startRedisServer(...more: string[]): Promise<OwnServer> {
  const port = await freePort();
  const server = createOwnServer({
    port,
    url: `redis://127.0.0.1:${port}`,
    folder: await temporaryFolder('redis'),
    command: redisServer ?? 'redis-server',
    args: ['--bind', '127.0.0.1', '--port', String(port), '--save', '', ...more],
    ready: () => acceptsAt(port),
  });
  await server.start();
  return server;
}
