import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const SPLIT_MS = 500;
const PIECE = 3;
/** A piece with this number is never answered. */
export const UNLUCKY = 13;

export interface Component {
  url: string;
  close(): void;
}

/** The component: an HTTP server that knows nothing of Step Functions but two headers. */
export async function startComponent(): Promise<Component> {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const input = await json(request);
  switch (request.url) {
    case '/step/split':
      await split(input as { numbers: string }, response);
      return;
    case '/step/sum':
      await sum(input as number[], response);
      return;
    default:
      response.writeHead(404).end();
  }
}

/** `{ numbers: '1 2 3 4' }` -> `[[1, 2, 3], [4]]` */
async function split({ numbers }: { numbers: string }, response: ServerResponse): Promise<void> {
  await sleep(SPLIT_MS);
  const words = numbers.split(' ');
  const bad = words.find((word) => !Number.isInteger(Number(word)));
  if (bad !== undefined) {
    response.setHeader('step-func-error', 'NotANumber');
    response.setHeader('step-func-cause', `'${bad}' is not a whole number`);
    response.writeHead(422).end();
    return;
  }
  const pieces = [];
  for (let at = 0; at < words.length; at += PIECE) {
    pieces.push(words.slice(at, at + PIECE).map(Number));
  }
  response.end(JSON.stringify(pieces));
}

/** `[1, 2, 3]` -> `6` */
async function sum(numbers: number[], response: ServerResponse): Promise<void> {
  if (numbers.includes(UNLUCKY)) return;
  const total = numbers.reduce((sum, number) => sum + number, 0);
  await sleep(600 + (total % 8) * 100);
  response.end(JSON.stringify(total));
}
