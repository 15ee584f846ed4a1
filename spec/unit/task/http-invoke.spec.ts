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

const rest = { redirect: 'manual' as const, task: 't' };

describe('httpInvoke', () => {
  const wanted =
    'expected baseUrl to be an http or https URL without query, fragment or credentials';

  it.each<[unknown, string]>([
    ['', '""'],
    ['localhost:8080', '"localhost:8080"'],
    ['/api', '"/api"'],
    ['http://', '"http://"'],
    ['http://localhost:99999', '"http://localhost:99999"'],
    ['ftp://localhost', '"ftp://localhost"'],
    ['ws://localhost', '"ws://localhost"'],
    ['file:///etc/passwd', '"file:///etc/passwd"'],
    ['http://localhost/?a=1', '"http://localhost/?a=1"'],
    ['http://localhost/api#top', '"http://localhost/api#top"'],
    [new URL('http://localhost/?a=1'), '"http://localhost/?a=1"'],
    [undefined, 'nothing'],
    [null, 'null'],
    [8080, '8080 (number)'],
  ])('refuses %s as its base, and tells what came', (baseUrl, got) => {
    const make = () => httpInvoke(baseUrl as string);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(wanted);
    expect(make).toThrow(`got ${got}`);
  });

  it.each(['http://user@localhost', 'http://user:secret@localhost', 'https://:secret@localhost'])(
    'refuses a base with credentials: %s',
    (baseUrl) => {
      const make = () => httpInvoke(baseUrl);
      expect(make).toThrow(TypeError);
      expect(make).toThrow(wanted);
    },
  );

  it.each([
    'http://user:secret@localhost',
    'http://user:secret@localhost:99999',
    'http:/user:secret@localhost',
    'http:user:secret@localhost',
    'http:\\\\user:secret@localhost',
  ])('does not repeat a password in its refusal: %s', (baseUrl) => {
    expect(() => httpInvoke(baseUrl)).toThrow(wanted);
    expect(() => httpInvoke(baseUrl)).not.toThrow(/secret/);
  });

  it('refuses a dispatcher that is none at once', () => {
    expect(() => httpInvoke('http://app', { dispatcher: {} as never })).toThrow(
      'expected options.dispatcher to be an undici Dispatcher, got an object',
    );
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

  it.each([
    ['http://app', 'http://app', '/step/sum'],
    ['http://app/', 'http://app', '/step/sum'],
    ['https://app:8443/api', 'https://app:8443', '/api/step/sum'],
    ['http://[::1]:8080/a/b//', 'http://[::1]:8080', '/a/b/step/sum'],
    ['HTTP://App:80/Api/', 'http://app', '/Api/step/sum'],
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
