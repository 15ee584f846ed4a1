import { SendTaskHeartbeatCommand, SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { memoizeSigner, reuseFirstRequest } from '../../../lib/sfn/request-template.js';

afterEach(() => void vi.useRealTimers());

interface Sent {
  headers: Record<string, string>;
  body: Uint8Array;
}

/** A client of the SDK's whose requests are answered here; `wholeWay` are those that the SDK serialized. */
function setUp({ cacheMiddleware = true } = {}) {
  const sent: Sent[] = [];
  const wholeWay: string[] = [];
  let status = 200;
  const credentials = vi.fn(() =>
    Promise.resolve({ accessKeyId: `AKID${credentials.mock.calls.length}`, secretAccessKey: 's' }),
  );
  const client = new SFNClient({
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
    cacheMiddleware,
    requestHandler: {
      handle(request: Sent) {
        sent.push(request);
        const name = status === 200 ? {} : { 'x-amzn-errortype': 'TaskTimedOut' };
        return Promise.resolve({
          response: { statusCode: status, headers: name, body: Buffer.from('{}') },
        });
      },
    },
  });
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        wholeWay.push(commandName);
        return next(args);
      },
    { step: 'serialize' },
  );
  const success = (n: number) =>
    client.send(new SendTaskSuccessCommand({ taskToken: `t${n}`, output: 'é'.repeat(n) }));
  const heartbeat = () => client.send(new SendTaskHeartbeatCommand({ taskToken: 't' }));
  return {
    client,
    sent,
    wholeWay,
    success,
    heartbeat,
    credentials,
    answerWith: (code: number) => (status = code),
  };
}

const bodies = (sent: readonly Sent[]) =>
  sent.map(({ body }) => JSON.parse(new TextDecoder().decode(body)) as unknown);

describe('repeatFirstRequest', () => {
  it('has the first call of each kind alone go the whole way', async () => {
    const { client, sent, wholeWay, success, heartbeat } = setUp();
    reuseFirstRequest(client);
    for (const n of [1, 2, 3]) await success(n);
    for (let n = 0; n < 3; n += 1) await heartbeat();
    expect(wholeWay).toEqual(['SendTaskSuccessCommand', 'SendTaskHeartbeatCommand']);
    expect(bodies(sent)).toEqual([
      ...[1, 2, 3].map((n) => ({ taskToken: `t${n}`, output: 'é'.repeat(n) })),
      ...[1, 2, 3].map(() => ({ taskToken: 't' })),
    ]);
    for (const { headers, body } of sent) {
      expect(headers['content-length']).toBe(String(body.byteLength));
    }
    const targets = new Set(sent.map(({ headers }) => headers['x-amz-target']));
    expect(targets.size).toBe(2);
  });

  it('has a call after one that failed go the whole way again', async () => {
    const { client, wholeWay, success, answerWith } = setUp();
    reuseFirstRequest(client);
    await success(1);
    await success(2);
    answerWith(400);
    await expect(success(3)).rejects.toMatchObject({ name: 'TaskTimedOut' });
    answerWith(200);
    await success(4);
    await success(5);
    expect(wholeWay).toHaveLength(2);
  });

  it('is without effect, and does no harm, where calls share no stack', async () => {
    const { client, sent, wholeWay, success } = setUp({ cacheMiddleware: false });
    reuseFirstRequest(client);
    for (const n of [1, 2, 3]) await success(n);
    expect(wholeWay).toHaveLength(3);
    expect(bodies(sent)).toHaveLength(3);
  });
});

describe('keepSigner', () => {
  it('makes one signer, which asks for the credentials each time', async () => {
    const { client, credentials, success } = setUp();
    const makeSigner = vi.spyOn(client.config, 'signer');
    memoizeSigner(client);
    // The SDK keeps what does not expire.
    credentials.mockImplementation(() =>
      Promise.resolve({
        accessKeyId: 'AKID',
        secretAccessKey: 's',
        expiration: new Date(Date.now() + 1_000),
      }),
    );
    for (const n of [1, 2, 3, 4]) await success(n);
    expect(makeSigner).toHaveBeenCalledTimes(1);
    expect(credentials.mock.calls.length).toBeGreaterThan(2);
  });

  it('asks again where no signer could be made', async () => {
    const { client, success } = setUp();
    const makeSigner = vi.spyOn(client.config, 'signer').mockRejectedValueOnce(new Error('once'));
    memoizeSigner(client);
    await expect(success(1)).rejects.toThrow('once');
    await success(2);
    await success(3);
    expect(makeSigner).toHaveBeenCalledTimes(2);
  });
});
