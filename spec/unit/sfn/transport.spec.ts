import { SendTaskHeartbeatCommand, SFNClient } from '@aws-sdk/client-sfn';
import { getEventListeners } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Dispatching } from '../../../lib/net/connections.js';
import type { Outcome } from '../../../lib/sfn/transport.js';
import { bytesOf, createTransport } from '../../../lib/sfn/transport.js';
import type { VirtualClock } from '../../support/virtual-clock.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

type Handler = Parameters<Dispatching['dispatch']>[1];
type Controller = Parameters<NonNullable<Handler['onRequestStart']>>[0];

interface Request {
  options: Record<string, unknown>;
  handler: Handler;
  abort: ReturnType<typeof vi.fn>;
  /** The request goes out: a connection is there. */
  start(): void;
  respond(status: number, body?: string[], headers?: Record<string, string | string[]>): void;
  fail(error: Error): void;
}

/** A transport whose requests are answered by the spec. */
function setUp(attemptMs?: (bodyBytes: number) => number) {
  const clock = createVirtualClock();
  const requests: Request[] = [];
  const dispatcher: Dispatching = {
    dispatch(options, handler) {
      const abort = vi.fn();
      const controller = { abort } as unknown as Controller;
      requests.push({
        options: options as unknown as Request['options'],
        handler,
        abort,
        start: () => handler.onRequestStart?.(controller, {}),
        respond(status, body = [], headers = {}) {
          handler.onResponseStart?.(controller, status, headers);
          for (const chunk of body) handler.onResponseData?.(controller, Buffer.from(chunk));
          handler.onResponseEnd?.(controller, {});
        },
        fail: (error) => handler.onResponseError?.(controller, error),
      });
      return true;
    },
  };
  const transport = createTransport(dispatcher, attemptMs, clock);
  const controller = new AbortController();
  onTestFinished(() => {
    expect(clock.timers()).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });
  const send = (body = '{}') =>
    transport.send('https://aws', '/', {}, Buffer.from(body), controller.signal);
  return { clock, controller, requests, send, transport };
}

/** What a promise has come to by now. */
async function outcomeOf(clock: VirtualClock, promise: Promise<unknown>): Promise<unknown> {
  let outcome: unknown = 'pending';
  promise.then(
    (value) => (outcome = value),
    (error: unknown) => (outcome = error),
  );
  await clock.pass(0);
  return outcome;
}

describe('one attempt', () => {
  it('is a POST, and its response comes whole', async () => {
    const { requests, send } = setUp();
    const response = send('{"a":1}');
    const [request] = requests;
    expect(request?.options).toEqual({
      origin: 'https://aws',
      path: '/',
      method: 'POST',
      headers: {},
      body: Buffer.from('{"a":1}'),
    });
    request?.start();
    request?.respond(200, ['{"b"', ':2', '}'], { 'x-id': ['1', '2'] });
    expect(await response).toEqual({
      statusCode: 200,
      headers: { 'x-id': ['1', '2'] },
      body: Buffer.from('{"b":2}'),
    });
  });

  it('counts the last head, if early hints come before it', async () => {
    const { requests, send } = setUp();
    const response = send();
    requests[0]?.handler.onResponseStart?.({} as Controller, 103, { link: '</a.css>' });
    requests[0]?.respond(204);
    expect(await response).toMatchObject({ statusCode: 204, headers: {} });
  });

  it("rejects with the network's error, under a name that the SDK knows", async () => {
    const { requests, send } = setUp();
    const response = send();
    const error = Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' });
    requests[0]?.fail(error);
    await expect(response).rejects.toBe(error);
    expect(error.name).toBe('RequestTimeout');
  });

  it('S2: sends nothing under a signal that has aborted', async () => {
    const { controller, requests, send } = setUp();
    const reason = new Error('stop');
    controller.abort(reason);
    await expect(send()).rejects.toMatchObject({ name: 'AbortError', cause: reason });
    expect(requests).toEqual([]);
  });

  it('S2: an abort rejects at once, and ends the request', async () => {
    const { clock, controller, requests, send } = setUp();
    const response = send();
    const reason = Object.assign(new Error('late'), { name: 'TimeoutError' });
    requests[0]?.start();
    controller.abort(reason);
    expect(await outcomeOf(clock, response)).toMatchObject({ name: 'AbortError', cause: reason });
    expect(requests[0]?.abort).toHaveBeenCalledOnce();
    // Undici reports the abort as an error of the request. The name of that must not change.
    const late = Object.assign(new Error('aborted'), { code: 'UND_ERR_SOCKET' });
    requests[0]?.fail(late);
    expect(late.name).toBe('Error');
  });

  it('S2: an abort while it waits for a connection keeps the request from being sent', async () => {
    const { controller, requests, send } = setUp();
    const response = send();
    controller.abort();
    await expect(response).rejects.toMatchObject({ name: 'AbortError' });
    requests[0]?.start();
    expect(requests[0]?.abort).toHaveBeenCalledOnce();
  });

  it('T13: is bounded by the bytes of its body, and retried by the SDK then', async () => {
    const { clock, requests, send } = setUp((bytes) => 1_000 + bytes);
    const response = send('12345678');
    requests[0]?.start();
    const outcome = response.catch((error: unknown) => error);
    await clock.pass(1_007);
    expect(requests[0]?.abort).not.toHaveBeenCalled();
    await clock.pass(1);
    expect(await outcome).toMatchObject({
      name: 'TimeoutError',
      message: 'No response within 1008 ms',
    });
    expect(requests[0]?.abort).toHaveBeenCalledOnce();
  });

  it('T13: a limit that ends while it waits for a connection keeps it from being sent', async () => {
    const { clock, requests, send } = setUp(() => 1_000);
    const outcome = send().catch((error: unknown) => error);
    await clock.pass(1_000);
    expect(await outcome).toMatchObject({ name: 'TimeoutError' });
    requests[0]?.start();
    expect(requests[0]?.abort).toHaveBeenCalledOnce();
  });

  it('P1: without a limit, as for a poll, it waits for as long as its signal', async () => {
    const { clock, controller, requests, send } = setUp();
    const response = send();
    await clock.pass(3_600_000);
    expect(await outcomeOf(clock, response)).toBe('pending');
    controller.abort();
    await expect(response).rejects.toMatchObject({ name: 'AbortError' });
    expect(requests).toHaveLength(1);
  });
});

describe("in the SDK's stack", () => {
  /** A client of the SDK's on a transport, and one call of it. */
  function setUpClient() {
    const scene = setUp();
    const client = new SFNClient({
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
      maxAttempts: 2,
    });
    scene.transport.addTo(client);
    onTestFinished(() => client.destroy());
    const command = new SendTaskHeartbeatCommand({ taskToken: 't' });
    return { ...scene, client, command };
  }
  const invocationOf = (request: Request | undefined) =>
    (request?.options['headers'] as Record<string, string>)['amz-sdk-invocation-id'];

  it('T7: all attempts of a call carry its own id, so that AWS sees one call', async () => {
    const { client, command, controller, requests, transport } = setUpClient();
    const { signal } = controller;
    transport.begin(command.input, { signal, invocationId: 'the-call' });
    const sent = client.send(command);
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    requests[0]?.respond(503);
    await vi.waitFor(() => expect(requests).toHaveLength(2), 10_000);
    requests[1]?.respond(200, ['{}']);
    expect(await sent).toMatchObject({ $metadata: { httpStatusCode: 200, attempts: 2 } });
    expect(requests.map(invocationOf)).toEqual(['the-call', 'the-call']);
  });

  it.each<[string, Outcome, object]>([
    [
      'a response',
      { response: { statusCode: 200, headers: {}, body: Buffer.from('{}') } },
      { $metadata: { httpStatusCode: 200, attempts: 1 } },
    ],
    ['an error', { error: new RangeError('odd') }, { name: 'RangeError' }],
  ])('the outcome of a first attempt counts as its own: %s', async (_, first, result) => {
    const { client, command, controller, requests, transport } = setUpClient();
    const { signal } = controller;
    transport.begin(command.input, { signal, invocationId: 'id', first });
    const outcome = await client.send(command).catch((error: unknown) => error);
    expect(outcome).toMatchObject(result);
    expect(requests).toEqual([]);
  });

  it('a further attempt after that one is sent', async () => {
    const { client, command, controller, requests, transport } = setUpClient();
    const first: Outcome = {
      response: { statusCode: 503, headers: {}, body: Buffer.alloc(0) },
    };
    transport.begin(command.input, { signal: controller.signal, invocationId: 'id', first });
    const sent = client.send(command);
    await vi.waitFor(() => expect(requests).toHaveLength(1), 10_000);
    requests[0]?.respond(200, ['{}']);
    expect(await sent).toMatchObject({ $metadata: { attempts: 2 } });
  });

  it('S2: the signal of the call ends its attempt', async () => {
    const { client, command, controller, requests, transport } = setUpClient();
    transport.begin(command.input, { signal: controller.signal, invocationId: 'id' });
    const sent = client.send(command).catch((error: unknown) => error);
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    controller.abort();
    expect(await sent).toMatchObject({ name: 'AbortError' });
  });

  it('a header that came twice reaches the SDK as one', async () => {
    const { client, command, requests } = setUpClient();
    const sent = client.send(command);
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    requests[0]?.respond(200, ['{}'], { 'x-amzn-requestid': ['a', 'b'] });
    expect(await sent).toMatchObject({ $metadata: { requestId: 'a, b' } });
  });
});

describe('bytesOf', () => {
  it('encodes a text, and copies no bytes', () => {
    expect(bytesOf('é').toString('hex')).toBe('c3a9');
    const whole = Uint8Array.from([1, 2, 3, 4]);
    const view = bytesOf(whole.subarray(1, 3));
    whole[1] = 7;
    expect([...view]).toEqual([7, 3]);
  });
});
