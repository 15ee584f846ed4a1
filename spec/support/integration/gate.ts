import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What a gate answers by itself. */
export interface GateAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** Something that reads HTTP on the way to a server, as a proxy that opens TLS or a balancer does. */
export interface Gate extends AsyncDisposable {
  readonly endpoint: string;
  /** How often it has answered by itself. */
  answered(): number;
}

/** `answer` is asked for each request: undefined lets it through. */
export async function startGate(
  to: string,
  answer: (operation: string, body: Buffer) => GateAnswer | undefined,
): Promise<Gate> {
  let answered = 0;

  async function pass(headers: IncomingHttpHeaders, body: Buffer) {
    const passed = request(to, { method: 'POST', headers: { ...headers, host: new URL(to).host } });
    passed.end(body);
    const [response] = (await once(passed, 'response')) as [IncomingMessage];
    return { response, body: await buffer(response) };
  }

  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const body = await buffer(incoming);
      const operation = String(incoming.headers['x-amz-target']).split('.').at(-1) ?? '';
      const own = answer(operation, body);
      if (own !== undefined) {
        answered += 1;
        outgoing.writeHead(own.status, { 'content-type': 'text/html', ...own.headers });
        outgoing.end(own.body ?? `<html><h1>${own.status}</h1></html>`);
        return;
      }
      const { response, body: answerBody } = await pass(incoming.headers, body);
      outgoing.writeHead(response.statusCode ?? 0, response.headers).end(answerBody);
    })().catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answered: () => answered,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
