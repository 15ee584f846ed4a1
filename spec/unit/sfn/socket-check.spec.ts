import { Agent } from 'node:https';
import type { SFNClientConfig } from '@aws-sdk/client-sfn';
import { ListActivitiesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { UndiciHttpHandler } from '@smithy/undici-http-handler';
import { describe, expect, it, vi } from 'vitest';
import type { SfnClient } from '../../../lib/sfn/api.js';
import { createSocketCheck, maxSocketsOf } from '../../../lib/sfn/socket-check.js';
import { FakeSfn } from '../../../lib/testing/index.js';

function sdkClient(
  requestHandler?: SFNClientConfig['requestHandler'],
  endpoint = 'https://127.0.0.1:1',
): SFNClient {
  return new SFNClient({
    region: 'eu-west-1',
    endpoint,
    credentials: { accessKeyId: 'id', secretAccessKey: 'key' },
    ...(requestHandler !== undefined && { requestHandler }),
  });
}

/** A call that ends in the handler, before there is a socket. */
async function callOnce(client: SFNClient): Promise<void> {
  const options = { abortSignal: AbortSignal.abort() };
  await expect(client.send(new ListActivitiesCommand({}), options)).rejects.toMatchObject({
    name: 'AbortError',
  });
}

/** A client of another make, whose handler shows its agents. */
function withAgents(agents: object) {
  const httpHandlerConfigs = vi.fn(() => agents);
  const client = { config: { requestHandler: { httpHandlerConfigs } }, send: vi.fn() };
  return { client: client as SfnClient, httpHandlerConfigs };
}

describe('maxSocketsOf', () => {
  it.each<[string, SFNClientConfig['requestHandler'], number]>([
    ['50 by default', undefined, 50],
    ['as options give it', { httpsAgent: { maxSockets: 200 } }, 200],
    ["as the caller's agent has it", { httpsAgent: new Agent({ maxSockets: 7 }) }, 7],
    [
      "without a limit, as the caller's agent has none",
      { httpsAgent: new Agent({ maxSockets: Infinity }) },
      Infinity,
    ],
  ])("the SDK's Node handler: %s, once there was a call", async (_, handler, limit) => {
    const client = sdkClient(handler);
    expect(maxSocketsOf(client)).toBeUndefined();
    await callOnce(client);
    expect(maxSocketsOf(client)).toBe(limit);
    client.destroy();
  });

  it("the SDK's undici handler: unknown, and never few", async () => {
    const client = sdkClient(new UndiciHttpHandler());
    expect(maxSocketsOf(client)).toBeUndefined();
    await callOnce(client);
    expect(maxSocketsOf(client)).toBeUndefined();
    client.destroy();
  });

  it.each<[string, unknown]>([
    ['a client of the test kit', new FakeSfn()],
    ['a client without config', { send: vi.fn() }],
    ['a config without handler', { send: vi.fn(), config: {} }],
    ['a handler without httpHandlerConfigs', { send: vi.fn(), config: { requestHandler: {} } }],
    ['no agents', withAgents({}).client],
    ['agents without a limit', withAgents({ httpsAgent: {} }).client],
    ['a limit that is no number', withAgents({ httpsAgent: { maxSockets: '50' } }).client],
    ['agents of nothing', withAgents({ httpsAgent: null, httpAgent: undefined }).client],
  ])('unknown: %s', (_, client) => {
    expect(maxSocketsOf(client as SfnClient)).toBeUndefined();
  });

  it('calls httpHandlerConfigs as a method of its handler', () => {
    const requestHandler = {
      agent: { maxSockets: 9 },
      httpHandlerConfigs() {
        return { httpsAgent: this.agent };
      },
    };
    expect(maxSocketsOf({ send: vi.fn(), config: { requestHandler } } as SfnClient)).toBe(9);
  });
});

describe('createSocketCheck', () => {
  it('warns once, with both numbers and what to do', async () => {
    const client = sdkClient();
    const warn = vi.fn();
    const check = createSocketCheck(client, 60, warn);
    check();
    check();
    expect(warn).not.toHaveBeenCalled();
    await callOnce(client);
    check();
    check();
    expect(warn.mock.calls).toEqual([
      [
        { maxSockets: 50, needed: 60 },
        expect.stringMatching(/at most 50 sockets, but up to 60 .*maxSockets of at least 60$/),
      ],
    ]);
    client.destroy();
  });

  it.each([50, 51, Infinity])('does not warn of %d sockets if 50 are needed', (maxSockets) => {
    const warn = vi.fn();
    createSocketCheck(withAgents({ httpsAgent: { maxSockets } }).client, 50, warn)();
    expect(warn).not.toHaveBeenCalled();
  });

  it('warns of one socket too few', () => {
    const warn = vi.fn();
    createSocketCheck(withAgents({ httpsAgent: { maxSockets: 49 } }).client, 50, warn)();
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['too few', 10],
    ['enough', 100],
  ])('looks no more once it knows that there are %s', (_, maxSockets) => {
    const { client, httpHandlerConfigs } = withAgents({ httpsAgent: { maxSockets } });
    const check = createSocketCheck(client, 50, vi.fn());
    for (let i = 0; i < 3; i++) check();
    expect(httpHandlerConfigs).toHaveBeenCalledTimes(1);
  });

  it('never warns of a client that it knows nothing of', () => {
    const warn = vi.fn();
    const check = createSocketCheck(new FakeSfn(), 1_000, warn);
    for (let i = 0; i < 3; i++) check();
    expect(warn).not.toHaveBeenCalled();
  });

  it('gives no false alarm of the agent that is not in use', async () => {
    // A plain http endpoint, as of an emulator: the handler's agent for https is there all the same.
    const client = sdkClient({ httpAgent: { maxSockets: 200 } }, 'http://127.0.0.1:1');
    await callOnce(client);
    const warn = vi.fn();
    createSocketCheck(client, 100, warn)();
    expect(warn).not.toHaveBeenCalled();
    client.destroy();
    // Older handlers make both agents, whichever is in use.
    const agents = { httpsAgent: { maxSockets: 200 }, httpAgent: { maxSockets: 50 } };
    createSocketCheck(withAgents(agents).client, 100, warn)();
    expect(warn).not.toHaveBeenCalled();
  });

  it('warns if neither agent has enough', () => {
    const warn = vi.fn();
    const agents = { httpsAgent: { maxSockets: 50 }, httpAgent: { maxSockets: 40 } };
    createSocketCheck(withAgents(agents).client, 100, warn)();
    expect(warn).toHaveBeenCalledTimes(1);
  });
});
