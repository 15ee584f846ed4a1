import { setTimeout as pass } from 'node:timers/promises';
import { Redis } from 'ioredis';
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

/** Two nodes, each with half of the slots. */
export async function startRedisCluster() {
  const servers = [
    await startRedisServer('--cluster-enabled', 'yes'),
    await startRedisServer('--cluster-enabled', 'yes'),
  ] as const;
  const nodes = servers.map(({ url }) => new Redis(url));
  const [first, second] = nodes as [Redis, Redis];
  await first.call('CLUSTER', 'ADDSLOTSRANGE', 0, 8_191);
  await second.call('CLUSTER', 'ADDSLOTSRANGE', 8_192, 16_383);
  await first.call('CLUSTER', 'MEET', '127.0.0.1', servers[1].port);
  for (const node of nodes) {
    while (!String(await node.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await pass(50);
  }
  return {
    url: servers[0].url,
    /** How many keys each node has. */
    keys: () => Promise.all(nodes.map((node) => node.dbsize())),
    async [Symbol.asyncDispose]() {
      for (const node of nodes) node.disconnect();
      for (const server of servers) await server[Symbol.asyncDispose]();
    },
  };
}
