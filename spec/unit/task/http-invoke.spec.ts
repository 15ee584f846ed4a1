import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { HttpDispatcher, HttpInvokeOptions } from 'stepfunc-source/http';
import { httpInvoke } from 'stepfunc-source/http';
import { MockAgent } from 'undici';
import { describe, expect, it } from 'vitest';

/** What undici's dispatchers called until its version 7, and still do where they find it. */
interface OldHandler {
  onConnect(abort: () => void): void;
  onHeaders(status: number, headers: Buffer[], resume: () => void, text: string): boolean;
  onData(chunk: Buffer): boolean;
  onComplete(trailers: string[] | null): void;
  onError(error: Error): void;
}

const noSignal = () => new AbortController().signal;
const rest = { redirect: 'manual' as const, task: 't' };

describe('httpInvoke', () => {
  it.each([
    ['ftp://localhost', undefined, 'expected baseUrl to be an http or https URL'],
    ['http://app', { header: {} }, 'unknown option "header"'],
    ['http://app', { dispatcher: {} }, 'expected options.dispatcher to be an undici Dispatcher'],
    ['http://app', { headers: Promise.resolve({}) }, 'options.headers: expected '],
    ['http://app', { headers: { authorization: undefined } }, 'header authorization: expected a '],
  ])('refuses at once what it can not use: %s, %o', (baseUrl, options, message) => {
    const make = () => httpInvoke(baseUrl, options as HttpInvokeOptions | undefined);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });

  it("sends a header of the caller's in place of its own, however it is spelled", async () => {
    const dispatcher = new MockAgent();
    dispatcher.disableNetConnect();
    let sent: unknown;
    dispatcher
      .get('http://app')
      .intercept({ method: 'POST', path: '/' })
      .reply(200, ({ headers }) => {
        sent = headers;
        return '1';
      });
    const invoke = httpInvoke('http://app', {
      dispatcher,
      headers: { 'Content-Type': 'application/vnd.sum+json', 'X-Tenant': 'a' },
    });
    const headers = { 'content-type': 'application/json' };
    await invoke(
      { method: 'POST', path: '/', headers, body: '1', ...rest },
      new AbortController().signal,
    );
    expect(sent).toEqual({ 'content-type': 'application/vnd.sum+json', 'x-tenant': 'a' });
    await dispatcher.close();
  });

  describe('sends through any dispatcher that undici knows how to', () => {
    const request = { method: 'POST' as const, path: '/step/sum', headers: {}, body: '1', ...rest };
    const { signal } = new AbortController();

    it('one that answers by itself, as MockPool', async () => {
      const agent = new MockAgent();
      agent.disableNetConnect();
      const pool = agent.get('http://app');
      pool.intercept({ method: 'POST', path: '/step/sum' }).reply(200, '6');
      pool
        .intercept({ method: 'POST', path: '/step/sum' })
        .replyWithError(new Error('pulled the plug'));
      const invoke = httpInvoke('http://app', { dispatcher: pool });
      expect(await invoke(request, signal)).toMatchObject({ status: 200, body: '6' });
      await expect(invoke(request, signal)).rejects.toThrow('pulled the plug');
      await agent.close();
    });

    it('one with an interceptor of the kind that undici 6 had', async () => {
      const agent = new MockAgent();
      agent.disableNetConnect();
      agent.get('http://app').intercept({ method: 'POST', path: '/step/sum' }).reply(200, '6');
      const statuses: number[] = [];
      const watch = (handler: OldHandler): OldHandler => ({
        onConnect: (abort) => handler.onConnect(abort),
        onHeaders(status, ...rest) {
          statuses.push(status);
          return handler.onHeaders(status, ...rest);
        },
        onData: (chunk) => handler.onData(chunk),
        onComplete: (trailers) => handler.onComplete(trailers),
        onError: (error) => handler.onError(error),
      });
      const dispatcher = agent.compose(
        (dispatch) => (options, handler) => dispatch(options, watch(handler as OldHandler)),
      );
      const invoke = httpInvoke('http://app', { dispatcher });
      expect(await invoke(request, signal)).toMatchObject({ status: 200, body: '6' });
      expect(statuses).toEqual([200]);
      await agent.close();
    });
  });

  describe('headers', () => {
    const request = { method: 'POST' as const, path: '/step', headers: {}, body: '1', ...rest };

    /** A component of which only the headers count that come to it. */
    function setUp(headers: HttpInvokeOptions['headers']) {
      const sent: Record<string, string>[] = [];
      const dispatcher: HttpDispatcher = {
        request: async ({ headers }) => {
          sent.push(headers);
          return { statusCode: 200, headers: {}, body: Readable.from([Buffer.from('1')]) };
        },
      };
      return { sent, invoke: httpInvoke('http://app/api', { headers, dispatcher }) };
    }

    it.each<[string, HttpInvokeOptions['headers']]>([
      ['an object', { Authorization: 'Bearer x' }],
      ['Headers', new Headers({ authorization: 'Bearer x' })],
      ['entries', [['authorization', 'Bearer x']]],
      ['a function', () => ({ authorization: 'Bearer x' })],
      ['an async function', async () => new Headers({ authorization: 'Bearer x' })],
    ])('are sent of %s', async (_, headers) => {
      const { sent, invoke } = setUp(headers);
      await invoke({ ...request, headers: { 'content-type': 'a/b' } }, noSignal());
      expect(sent).toEqual([{ 'content-type': 'a/b', authorization: 'Bearer x' }]);
    });

    it('of a function are asked for each request, which it gets', async () => {
      const asked: unknown[] = [];
      const { sent, invoke } = setUp((got, signal) => {
        expect(signal).toBeInstanceOf(AbortSignal);
        asked.push(got);
        return { 'x-count': String(asked.length) };
      });
      const headers = { 'content-type': 'a/b' };
      for (const body of ['1', '2']) await invoke({ ...request, headers, body }, noSignal());
      expect(sent).toEqual(['1', '2'].map((count) => ({ ...headers, 'x-count': count })));
      expect(asked[1]).toEqual({
        method: 'POST',
        url: 'http://app/api/step',
        headers,
        body: '2',
        task: 't',
      });
    });

    it.each<[string, () => unknown, string]>([
      [
        'throws',
        () => {
          throw new Error('hunter2');
        },
        'the function options.headers failed',
      ],
      [
        'rejects',
        () => Promise.reject(new Error('hunter2')),
        'the function options.headers failed',
      ],
      ['returns nothing', () => undefined, 'what options.headers returned: expected an object'],
      ['returns text', () => 'hunter2', 'what options.headers returned: expected an object'],
      ['leaves a value out', () => ({ a: undefined }), 'header a: expected a string, got nothing'],
      ['returns a line end', () => ({ a: 'hunter2\n' }), 'header a: expected characters'],
    ])('of a function that %s cost their own request only', async (_, headers, message) => {
      let isBad = true;
      const { sent, invoke } = setUp(() => (isBad ? headers() : { a: 'b' }) as { a: string });
      await expect(invoke(request, noSignal())).rejects.toThrow(message);
      isBad = false;
      await invoke(request, noSignal());
      expect(sent).toEqual([{ a: 'b' }]);
    });

    it('of a function that fails: the error has its error as cause', async () => {
      const cause = new Error('no token');
      const { invoke } = setUp(() => Promise.reject(cause));
      await expect(invoke(request, noSignal())).rejects.toMatchObject({ cause });
    });

    it('of a function that changes what it gets are as it returns them', async () => {
      const { sent, invoke } = setUp((got) => {
        Reflect.set(got.headers, 'x-stray', '1');
        return { a: 'b' };
      });
      await invoke(request, noSignal());
      expect(sent).toEqual([{ a: 'b' }]);
    });

    it('T9: of a function that never settles end with the signal, and nothing is sent', async () => {
      let settle: (headers: Record<string, string>) => void = () => undefined;
      const { sent, invoke } = setUp(() => new Promise((resolve) => (settle = resolve)));
      const controller = new AbortController();
      const invoked = invoke(request, controller.signal);
      controller.abort();
      await expect(invoked).rejects.toHaveProperty('name', 'AbortError');
      settle({ a: 'late' });
      await new Promise(setImmediate);
      expect(sent).toEqual([]);
    });
  });

  describe('T4: a body that is larger than Step Functions takes', () => {
    const large = Buffer.alloc(1_000_000, '1');
    const read = async (body: Buffer, headers = {}) => {
      const dispatcher: HttpDispatcher = {
        request: async () => ({ statusCode: 200, headers, body: Readable.from([body]) }),
      };
      const invoke = httpInvoke('http://app', { dispatcher });
      const request = { method: 'POST' as const, path: '/', headers: {}, body: '1', ...rest };
      const { body: text } = await invoke(request, noSignal());
      await expect(invoke.close()).resolves.toBeUndefined();
      return Buffer.byteLength(text);
    };

    it('is read until that is certain', async () => {
      expect(await read(large)).toBeGreaterThan(262_144);
      expect(await read(large)).toBeLessThan(400_000);
    });

    it('is decoded until that is certain', async () => {
      expect(await read(gzipSync(large), { 'content-encoding': 'gzip' })).toBe(262_145);
    });
  });

  it.each([
    ['http://app', 'http://app', '/step/sum'],
    ['https://app:8443/api/', 'https://app:8443', '/api/step/sum'],
  ])('joins the path to the base: %s', async (baseUrl, origin, path) => {
    const dispatcher = new MockAgent();
    dispatcher.disableNetConnect();
    dispatcher.get(origin).intercept({ method: 'POST', path }).reply(200, '"here"');
    const invoke = httpInvoke(baseUrl, { dispatcher });
    const request = { method: 'POST' as const, path: '/step/sum', headers: {}, body: '1', ...rest };
    expect(await invoke(request, new AbortController().signal)).toMatchObject({
      status: 200,
      body: '"here"',
    });
    await dispatcher.close();
  });
});
