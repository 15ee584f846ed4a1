import { SendTaskHeartbeatCommand, SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../lib/async/clock.js';
import { systemClock } from '../../../lib/async/clock.js';
import type { Dispatching } from '../../../lib/net/connections.js';
import { createCredentialSource } from '../../../lib/sfn/credentials.js';
import { createFirstAttempts } from '../../../lib/sfn/first-attempt.js';
import { useOwnRetries } from '../../../lib/sfn/retry-strategy.js';
import { createTransport } from '../../../lib/sfn/transport.js';

interface Sent {
  headers: Record<string, string> | string[];
  body: Uint8Array;
}

const ignore = () => undefined;
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** A client of the SDK's on our transport; requests are answered here. */
function setUp(config: ConstructorParameters<typeof SFNClient>[0] = {}) {
  const sent: Sent[] = [];
  /** How long each request takes by the wall clock. */
  let requestMs = 0;
  let leaptMs = 0;
  const clock: Clock = { ...systemClock, wall: () => Date.now() + leaptMs };
  let answer = { status: 200, body: '{}', headers: {} as Record<string, string> };
  const dispatcher: Dispatching = {
    dispatch(options, handler) {
      sent.push(options as unknown as Sent);
      leaptMs += requestMs;
      const controller = { abort: () => undefined } as never;
      handler.onRequestStart?.(controller, {});
      handler.onResponseStart?.(controller, answer.status, answer.headers);
      handler.onResponseData?.(controller, Buffer.from(answer.body));
      handler.onResponseEnd?.(controller, {});
      return true;
    },
  };
  let keys: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } = {
    accessKeyId: 'AKID',
    secretAccessKey: 'secret',
  };
  const source = createCredentialSource(() => Promise.resolve(keys), systemClock);
  const credentials = Object.assign(() => source.get(), { memoized: true });
  const client = new SFNClient({ region: 'us-east-1', credentials, maxAttempts: 1, ...config });
  const transport = createTransport(dispatcher, () => 10_000, systemClock);
  transport.addTo(client);
  const retries = useOwnRetries(client, config, systemClock);
  const attempts = createFirstAttempts(client, config, {
    transport,
    credentials: source,
    retries,
    clock,
  });
  const { signal } = new AbortController();

  /** Whether a command went out past the SDK. */
  async function isShort(command: { input: object } = success()): Promise<boolean> {
    const first = await attempts.send(command, signal);
    if (first?.output !== undefined) return true;
    attempts.handOver(command, signal, first);
    await client.send(command as never).catch(() => undefined);
    return false;
  }
  return {
    client,
    sent,
    source,
    isShort,
    answerWith: (status: number, body = '{}', headers = {}) =>
      void (answer = { status, body, headers }),
    takeMs: (ms: number) => void (requestMs = ms),
    signWith: (next: typeof keys) => void (keys = next),
  };
}

const success = (output = '"é"') => new SendTaskSuccessCommand({ taskToken: 't', output });

describe('createFirstAttempts', () => {
  it('sends every call of a kind but the first past the SDK', async () => {
    const { isShort, sent } = setUp();
    expect([await isShort(), await isShort(), await isShort()]).toEqual([false, true, true]);
    const heartbeat = new SendTaskHeartbeatCommand({ taskToken: 't' });
    expect([await isShort(heartbeat), await isShort(heartbeat)]).toEqual([false, true]);
    expect(sent).toHaveLength(5);
  });

  it.each<[string, number, string]>([
    ['an error of AWS', 400, '{"__type":"TaskTimedOut"}'],
    ['a 503', 503, ''],
    ['HTML', 200, '<html>'],
    ['no JSON object', 200, 'null'],
  ])('leaves %s to the SDK, and takes a template anew', async (_, status, body) => {
    const { isShort, answerWith, sent } = setUp();
    await isShort();
    answerWith(status, body);
    expect(await isShort()).toBe(false);
    // It was sent once: the SDK had the response as that of its own attempt.
    expect(sent).toHaveLength(2);
    answerWith(200);
    expect([await isShort(), await isShort()]).toEqual([true, true]);
  });

  it.each([
    ['come', { accessKeyId: 'A', secretAccessKey: 's', sessionToken: 'token' }],
    ['stay away', { accessKeyId: 'A', secretAccessKey: 's' }],
  ])('asks the SDK for another template once session tokens %s', async (_, next) => {
    const { isShort, signWith, source, sent } = setUp();
    await isShort();
    signWith(next);
    source.refused(await source.get());
    expect([await isShort(), await isShort()]).toEqual([!('sessionToken' in next), true]);
    const last = sent.at(-1)?.headers as string[];
    expect(last.includes('x-amz-security-token')).toBe('sessionToken' in next);
  });

  it.each<[string, Parameters<typeof setUp>[0]]>([
    ['a retry strategy of the user', { retryStrategy: undefined as never, retryMode: 'adaptive' }],
    ['a clock that must not be corrected', { disableClockSkewCorrection: true }],
    ['a logger, which is to see every call', { logger: silent }],
  ])('steps aside for %s', async (_, config) => {
    const { isShort } = setUp(config);
    expect([await isShort(), await isShort()]).toEqual([false, false]);
  });

  it('steps aside if the stack has a middleware that it does not know', async () => {
    const { client, isShort } = setUp();
    client.middlewareStack.add((next) => (args) => next(args), { step: 'build', name: 'another' });
    expect([await isShort(), await isShort()]).toEqual([false, false]);
  });

  it("keeps the SDK's clock by the dates of responses", async () => {
    const { client, isShort, answerWith } = setUp();
    await isShort();
    answerWith(200, '{}', { date: new Date(Date.now() + 3_600_000).toUTCString() });
    await isShort();
    expect(Math.round(client.config.systemClockOffset / 1_000 / 10)).toBe(360);
    answerWith(200, '{}', { date: new Date().toUTCString(), age: '7' });
    await isShort();
    expect(Math.round(client.config.systemClockOffset / 1_000 / 10)).toBe(360);
    answerWith(200, '{}', { date: 'yesterday' });
    await isShort();
    expect(Math.round(client.config.systemClockOffset / 1_000 / 10)).toBe(360);
  });

  it('takes no date of a response that has waited, as on a machine that was suspended', async () => {
    const { client, isShort, answerWith, takeMs } = setUp();
    await isShort();
    takeMs(900_001);
    answerWith(200, '{}', { date: new Date().toUTCString() });
    expect(await isShort()).toBe(true);
    expect(client.config.systemClockOffset).toBe(0);
  });
});
