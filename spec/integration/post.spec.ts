import { getEventListeners } from 'node:events';
import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { post } from '../../lib/net/post.js';
import type { Handler } from '../support/integration/component.js';
import { echo, hang, startComponent } from '../support/integration/component.js';
import type { RawAnswer } from '../support/integration/raw-server.js';
import { startRawServer } from '../support/integration/raw-server.js';
import { until } from '../support/integration/until.js';

let dispatcher: Agent;
let controller: AbortController;
beforeEach(() => {
  dispatcher = new Agent({ connections: 1 });
  controller = new AbortController();
});
afterEach(async () => {
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  await dispatcher.destroy();
});

const send = (origin: string, mostBytes = Infinity, body: string | Uint8Array = '') =>
  post(
    dispatcher,
    { origin, path: '/a?b=c', headers: { 'x-own': 'é' }, body },
    controller.signal,
    mostBytes,
  );

async function answeredBy(answer: RawAnswer, mostBytes?: number) {
  await using server = await startRawServer(answer);
  const { status, headers, body } = await send(server.url, mostBytes);
  return { status, headers, body: body.toString() };
}

describe('post', () => {
  it.each(['text é€🙂', Buffer.from('bytes é€🙂'), ''])(
    'sends %j and gets it back',
    async (body) => {
      await using server = await startComponent(echo);
      const answer = await send(server.url, Infinity, body);
      expect(answer.status).toBe(200);
      expect(answer.body.toString()).toBe(body.toString());
      const [{ method, path, headers } = { method: '', path: '', headers: {} }] = server.requests;
      expect({ method, path }).toEqual({ method: 'POST', path: '/a?b=c' });
      expect(headers['content-length']).toBe(String(Buffer.byteLength(body)));
    },
  );

  it('gives names of headers in lower case, and those that came twice as a list', async () => {
    const { headers } = await answeredBy(
      'HTTP/1.1 418 T\r\nX-One: 1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n',
    );
    expect(headers).toMatchObject({ 'x-one': '1', 'set-cookie': ['a', 'b'] });
  });

  it('takes the last status and headers if there are early hints', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\nX-Early: 1\r\n\r\n';
    expect(await answeredBy(`${hints}HTTP/1.1 201 C\r\nContent-Length: 2\r\n\r\nok`)).toEqual({
      status: 201,
      headers: { 'content-length': '2' },
      body: 'ok',
    });
  });

  it('puts a body together that comes byte by byte', async () => {
    const bytes = Buffer.from('é€🙂 in pieces');
    function* pieces() {
      yield `HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`;
      for (const byte of bytes) yield Buffer.of(byte);
    }
    expect(await answeredBy(pieces)).toMatchObject({ status: 200, body: 'é€🙂 in pieces' });
  });

  it.each([
    ['one byte more than was asked for', 6, 'abcde'],
    ['just as many as were asked for', 5, 'abcde'],
    ['fewer', 3, 'abc'],
  ])('T4: of a body of %s reads what was asked for', async (_, length, expected) => {
    const body = 'abcdefgh'.slice(0, length);
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
    expect((await answeredBy(head + body, 5)).body).toBe(expected);
  });

  it('T4: closes the connection of a body that has no end', async () => {
    function* endless() {
      yield 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
      for (;;) yield `400\r\n${'x'.repeat(0x400)}\r\n`;
    }
    await using server = await startRawServer(endless);
    expect((await send(server.url, 5_000)).body.length).toBe(5_000);
    await until(() => expect(server.unanswered()).toBe(0));
  });

  it.each<[string, RawAnswer]>([
    ['ends in the midst of its body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'],
    ['is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ])('rejects with an error of undici if the answer %s', async (_, answer) => {
    function* thenClosed() {
      yield answer as string;
      throw new Error('the server closes the connection');
    }
    await using server = await startRawServer(thenClosed);
    await expect(send(server.url)).rejects.toMatchObject({
      name: expect.stringMatching(/^(SocketError|HTTPParserError)$/) as string,
    });
  });

  it('rejects if no process listens', async () => {
    const server = await startComponent(echo);
    await server[Symbol.asyncDispose]();
    await expect(send(server.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each<[string, Handler]>([
    ['for an answer', hang],
    ['for the rest of one', (_, response) => void response.write('a part')],
  ])('S2: an abort while it waits %s closes the connection', async (_, handler) => {
    await using server = await startComponent(handler);
    const answer = send(server.url);
    await until(() => expect(server.unanswered()).toBe(1));
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(answer).rejects.toBe(reason);
    await until(() => expect(server.unanswered()).toBe(0));
  });

  it('S2: an abort while it waits for a connection keeps it from being sent', async () => {
    await using server = await startComponent(hang);
    const other = post(
      dispatcher,
      { origin: server.url, path: '/other', headers: {}, body: '' },
      new AbortController().signal,
      Infinity,
    );
    await until(() => expect(server.unanswered()).toBe(1));
    const answer = send(server.url);
    controller.abort('a reason that is no error');
    await expect(answer).rejects.toBe('a reason that is no error');
    server.closeIdleConnections();
    await dispatcher.destroy();
    await expect(other).rejects.toThrow();
    expect(server.requests.map(({ path }) => path)).toEqual(['/other']);
  });

  it('sends nothing under a signal that has aborted', async () => {
    await using server = await startComponent(echo);
    controller.abort();
    await expect(send(server.url)).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.connectionsSoFar()).toBe(0);
  });
});
