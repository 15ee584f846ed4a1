import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import RedisMock from 'ioredis-mock';

/** A Redis of this process, for clients that connect by TCP, from other processes too. */
export interface RedisInJavaScript {
  readonly port: number;
  /** Ends its connections and forgets its data. */
  close(): Promise<void>;
}

type Reply = string | number | null | undefined | Error | Reply[];
type Command = (...args: string[]) => Promise<Reply>;

/** Each server has data of its own, which ioredis-mock keeps by the host's name. */
let servers = 0;

/**
 * Starts a Redis that needs nothing installed: ioredis-mock, Lua included, behind a port. It speaks
 * RESP 2 and knows what locks need; any other command is answered by an error, as an unknown one.
 */
export async function startRedisInJavaScript(): Promise<RedisInJavaScript> {
  servers += 1;
  const store = new RedisMock({ host: `in-javascript-${servers}`, port: 1 });
  const sockets = new Set<Socket>();

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A client may go at any time.
    socket.on('error', () => undefined);
    const read = createRequestReader();
    // Answers go out in the order of their requests, however long one takes.
    let answered = Promise.resolve();
    socket.on('data', (chunk) => {
      for (const [name = '', ...args] of read(chunk)) {
        answered = answered
          .then(() => execute(store, name.toLowerCase(), args))
          .then(
            (reply) => void socket.write(encode(reply)),
            (error: unknown) => void socket.write(encode(error as Error)),
          );
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      await store.flushall();
      store.disconnect();
    },
  };
}

/** What a client says before its first command, and what ioredis-mock has no answer to. */
const CONNECTION_COMMANDS: Record<string, Reply> = {
  auth: 'OK',
  client: 'OK',
  info: '# Server\r\nredis_version:7.0.0\r\nloading:0\r\n# Replication\r\nrole:master\r\n',
  ping: 'PONG',
  quit: 'OK',
  select: 'OK',
};

async function execute(store: object, name: string, args: string[]): Promise<Reply> {
  if (Object.hasOwn(CONNECTION_COMMANDS, name)) return CONNECTION_COMMANDS[name];
  const command: unknown = Reflect.get(store, name);
  if (typeof command !== 'function' || name in Object.prototype) {
    throw new Error(`ERR unknown command '${name}'`);
  }
  return (command as Command).apply(store, args);
}

/** Takes what comes in, in pieces of any size, and returns the requests that are whole. */
function createRequestReader(): (chunk: Buffer) => string[][] {
  let held = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    const requests: string[][] = [];
    for (let next = parseRequest(held); next !== undefined; next = parseRequest(held)) {
      requests.push(next.parts);
      held = held.subarray(next.end);
    }
    return requests;
  };
}

/** The first request in `data`, an array of bulk strings, if all of it is there. */
function parseRequest(data: Buffer): { parts: string[]; end: number } | undefined {
  let at = 0;
  const readCount = () => {
    const end = data.indexOf('\r\n', at);
    const count = end < 0 ? undefined : Number(data.subarray(at + 1, end));
    at = end + 2;
    return count;
  };
  const count = readCount();
  if (count === undefined) return undefined;
  const parts: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const length = readCount();
    if (length === undefined || data.length < at + length + 2) return undefined;
    parts.push(data.toString('utf8', at, at + length));
    at += length + 2;
  }
  return { parts, end: at };
}

function encode(reply: Reply): string {
  if (reply === null || reply === undefined) return '$-1\r\n';
  if (typeof reply === 'number') return `:${reply}\r\n`;
  if (reply === 'OK' || reply === 'PONG') return `+${reply}\r\n`;
  if (typeof reply === 'string') return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`;
  if (Array.isArray(reply)) return `*${reply.length}\r\n${reply.map(encode).join('')}`;
  return `-${/^[A-Z]+ /.test(reply.message) ? '' : 'ERR '}${reply.message.replaceAll(/[\r\n]+/g, ' ')}\r\n`;
}
