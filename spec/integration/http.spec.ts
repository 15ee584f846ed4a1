import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { createStepFuncSource } from 'stepfunc-source';
import type { InvokeRequest } from 'stepfunc-source';
import type { HttpInvokeOptions } from 'stepfunc-source/http';
import { httpInvoke } from 'stepfunc-source/http';
import { FakeSfn } from 'stepfunc-source/testing';
import type { TaskOutcome } from 'stepfunc-source/testing';
import { Agent } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import type { Component, Handler } from '../support/integration/component.js';
import { echo, hang, json, startComponent } from '../support/integration/component.js';
import { until } from '../support/integration/until.js';

const toClose: (() => PromiseLike<unknown>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

async function component(handler: Handler): Promise<Component> {
  const started = await startComponent(handler);
  toClose.push(() => started[Symbol.asyncDispose]());
  return started;
}

function invokeOf(url: string | URL, options?: HttpInvokeOptions) {
  const invoke = httpInvoke(url, options);
  toClose.push(() => invoke.close());
  return invoke;
}

const request = (fields: Partial<InvokeRequest> = {}): InvokeRequest => ({
  method: 'POST',
  path: '/step/sum',
  headers: { 'content-type': 'application/json' },
  body: '{}',
  redirect: 'manual',
  task: 't',
  ...fields,
});
const never = () => new AbortController().signal;

/** What becomes of one task whose component is at `url`. */
async function outcomeOf(url: string): Promise<TaskOutcome> {
  const sfn = new FakeSfn({ longPollMs: 10 });
  const config = { activityName: 'sum', path: '/step/sum' };
  await using source = createStepFuncSource(config, invokeOf(url), { client: sfn });
  await source.start();
  return await sfn.runTask('sum', 1);
}

describe('the request', () => {
  it("T1: POSTs to the path, joined to the base's own", async () => {
    const { url, requests } = await component(echo);
    for (const base of [url, `${url}/`, `${url}/api`, `${url}/api//`, new URL(`${url}/a%20b/`)]) {
      await invokeOf(base)(request({ path: '/step/sum?x=1&y=%2F' }), never());
    }
    const paths = ['', '', '/api', '/api', '/a%20b'].map((base) => `${base}/step/sum?x=1&y=%2F`);
    expect(requests.map(({ path }) => path)).toEqual(paths);
    expect(requests[0]?.method).toBe('POST');
  });

  it('T1: carries the body byte for byte, its type, and extra headers', async () => {
    const { url, requests } = await component(echo);
    const invoke = invokeOf(url, { headers: { authorization: 'Bearer x', 'x-tenant': 'a' } });
    const body = '{"text":"ü € 😀",  "n":1.0}';
    expect(await invoke(request({ body }), never())).toMatchObject({ status: 200, body });
    expect(requests[0]?.body).toBe(body);
    expect(requests[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      authorization: 'Bearer x',
      'x-tenant': 'a',
    });
  });

  it('goes through a dispatcher of one’s own, which is never closed', async () => {
    const { url } = await component(echo);
    const dispatcher = new Agent();
    toClose.push(() => dispatcher.close());
    const origins: string[] = [];
    dispatcher.on('connect', (origin) => origins.push(origin.origin));
    const invoke = httpInvoke(url, { dispatcher });
    await invoke(request(), never());
    await invoke.close();
    await invoke(request(), never());
    expect(origins[0]).toBe(url);
  });
});

/** A header's text as Node's http sends it in UTF-8. */
const latin1 = (text: string) => Buffer.from(text).toString('latin1');

describe('the answer', () => {
  it.each([
    ['ASCII', 'because '],
    ['two bytes a character', 'éèêëüöäß'],
    ['three bytes a character', '✓日本語の文字列'],
    ['astral characters', '😀🙂🚀🧪'],
  ])(
    'takes 256 KiB of headers: a cause of 32,768 characters arrives whole: %s',
    async (_, text) => {
      const cause = text.repeat(4_096);
      const { url } = await component((_, response) =>
        response
          .writeHead(422, { 'step-func-error': 'Invalid', 'step-func-cause': latin1(cause) })
          .end(),
      );
      expect(cause).toHaveLength(32_768);
      expect(await outcomeOf(url)).toEqual({ status: 'FAILED', error: 'Invalid', cause });
    },
  );

  it('T4: more headers than that fail the task, and say so', async () => {
    const { url } = await component((_, response) =>
      response.writeHead(422, { 'step-func-cause': 'x'.repeat(270_000) }).end(),
    );
    const outcome = await outcomeOf(url);
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'StepFuncSource.InvokeFailed' });
    expect(outcome).toHaveProperty('cause', expect.stringContaining('Headers Overflow Error'));
  });

  it('T5: UTF-8 in headers arrives as it was meant', async () => {
    const { url } = await component((_, response) =>
      response
        .writeHead(500, { 'step-func-error': latin1('Größe'), 'step-func-cause': latin1('für 😀') })
        .end('not this'),
    );
    expect(await outcomeOf(url)).toEqual({ status: 'FAILED', error: 'Größe', cause: 'für 😀' });
  });

  it.each([301, 302, 303, 307, 308])('follows no redirect: a %i is a failure', async (status) => {
    const elsewhere = await component(json('elsewhere'));
    const { url } = await component((_, response) =>
      response.writeHead(status, { location: `${elsewhere.url}/step/sum` }).end(),
    );
    const error = `StepFuncSource.Http${status}`;
    expect(await outcomeOf(url)).toMatchObject({ status: 'FAILED', error });
    expect(elsewhere.requests).toEqual([]);
  });

  it('T4: an answer that breaks off fails the task', async () => {
    const { url } = await component((_, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('12345');
      setImmediate(() => response.destroy());
    });
    expect(await outcomeOf(url)).toMatchObject({
      status: 'FAILED',
      error: 'StepFuncSource.InvokeFailed',
    });
  });
});

describe('the abort', () => {
  it.each<[string, Handler]>([
    ['before an answer', hang],
    ['amid the answer', (_, response) => response.writeHead(200).write('"begun')],
  ])('%s: rejects with the reason, and the component sees its connection close', async (_, h) => {
    const { url, unanswered } = await component(h);
    const aborter = new AbortController();
    const answered = invokeOf(url)(request(), aborter.signal);
    await until(() => expect(unanswered()).toBe(1));
    const reason = new Error('enough');
    aborter.abort(reason);
    await expect(answered).rejects.toBe(reason);
    await until(() => expect(unanswered()).toBe(0));
  });
});

describe('connections', () => {
  it('T4: one that is refused rejects, and names it', async () => {
    const gone = await startComponent(echo);
    await gone[Symbol.asyncDispose]();
    await expect(invokeOf(gone.url)(request(), never())).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    const { port } = new URL(gone.url);
    expect(await outcomeOf(gone.url)).toEqual({
      status: 'FAILED',
      error: 'StepFuncSource.InvokeFailed',
      cause: expect.stringContaining(`connect ECONNREFUSED 127.0.0.1:${port}`) as string,
    });
  });

  it('are kept: sequential requests have no need of more than two', async () => {
    const { url, requests, connectionsSoFar } = await component(echo);
    const invoke = invokeOf(url);
    // undici leaves a connection alone for a turn of the event loop, and takes another meanwhile.
    for (let i = 0; i < 100; i++) await invoke(request(), never());
    expect(requests).toHaveLength(100);
    expect(connectionsSoFar()).toBeLessThanOrEqual(2);
  });

  it('that the component closes while they are idle cost no task', async () => {
    const { url, closeIdleConnections, connections, connectionsSoFar } = await component(echo);
    const invoke = invokeOf(url);
    for (let i = 1; i <= 50; i++) {
      await invoke(request(), never());
      expect(connectionsSoFar()).toBe(i);
      await eventLoopTurn();
      closeIdleConnections();
      await until(() => expect(connections()).toBe(0));
    }
  });

  it('T4: one that closes under a request on its way rejects: it may have been carried out', async () => {
    const { url, requests } = await component(({ body }, response) =>
      body === '"break"' ? response.socket?.resetAndDestroy() : response.end(body),
    );
    const invoke = invokeOf(url);
    await invoke(request(), never());
    await expect(invoke(request({ body: '"break"' }), never())).rejects.toThrow();
    expect(requests.map(({ body }) => body)).toEqual(['{}', '"break"']);
    expect(await invoke(request(), never())).toMatchObject({ status: 200 });
  });

  it('are closed by close(), those in use once they are idle', async () => {
    let finish: () => void = () => undefined;
    const { url, unanswered, connections } = await component((_, response) => {
      finish = () => response.end('"late"');
    });
    const invoke = httpInvoke(url);
    const answered = invoke(request(), never());
    await until(() => expect(unanswered()).toBe(1));
    const closed = invoke.close();
    finish();
    expect(await answered).toMatchObject({ body: '"late"' });
    await closed;
    await until(() => expect(connections()).toBe(0));
    await expect(invoke(request(), never())).rejects.toThrow();
  });
});
