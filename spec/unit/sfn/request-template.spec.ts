import type { SFNClientConfig } from '@aws-sdk/client-sfn';
import { SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Credentials } from '../../../lib/sfn/credentials.js';
import type { RequestTemplate } from '../../../lib/sfn/request-template.js';
import { keepTemplates } from '../../../lib/sfn/request-template.js';
import { bytesOf } from '../../../lib/sfn/transport.js';

interface SdkRequest {
  protocol: string;
  hostname: string;
  port?: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

const keys: Credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret' };
const withToken: Credentials = { ...keys, sessionToken: 'a token/+=' };

interface Options extends Pick<SFNClientConfig, 'endpoint' | 'maxAttempts'> {
  mayKeep?: () => boolean;
  /** Whether it is known by which credentials the SDK has signed. */
  knows?: boolean;
  latest?: Credentials;
}

/** A client of the SDK's that signs with these credentials, and sends nothing. */
function setUp(
  credentials: Credentials,
  { mayKeep = () => true, knows = true, latest = credentials, ...config }: Options = {},
) {
  const requests: SdkRequest[] = [];
  const kept: RequestTemplate[] = [];
  const client = new SFNClient({
    region: 'eu-west-1',
    credentials,
    maxAttempts: 1,
    ...config,
  });
  onTestFinished(() => client.destroy());
  keepTemplates(client, {
    latestCredentials: () => (knows ? latest : undefined),
    mayKeep: async () => mayKeep(),
    keep: (_, template) => void kept.push(template),
  });
  client.middlewareStack.add(
    () => (args) => {
      requests.push(args.request as SdkRequest);
      // Under this name the SDK sends it again, if it may.
      return Promise.reject(Object.assign(new Error('not sent'), { name: 'TimeoutError' }));
    },
    { step: 'deserialize', priority: 'low', name: 'stepFuncSourceTransport' },
  );
  const send = async (input: { taskToken: string; output: string }) => {
    await client.send(new SendTaskSuccessCommand(input)).catch(() => undefined);
    const request = requests.at(-1);
    if (request === undefined) throw new Error('The SDK has made no request');
    return request;
  };
  return { client, kept, send };
}

const first = { taskToken: 't', output: '1' };
const amzDate = (date: string) =>
  Date.parse(date.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'));

/** Names and values in turn, as an object. */
function objectOf(flat: string[] | undefined): Record<string, string> {
  const pairs = (flat ?? []).flatMap((name, i) => (i % 2 === 0 ? [[name, flat?.[i + 1]]] : []));
  return Object.fromEntries(pairs) as Record<string, string>;
}

describe('keepTemplates', () => {
  it.each([
    ['keys of a user', keys],
    ['a session token', withToken],
  ])(
    "makes every header of the SDK's next request, signature and all (%s)",
    async (_, signedBy) => {
      const { kept, send } = setUp(signedBy);
      await send(first);
      const [template] = kept;
      await fc.assert(
        fc.asyncProperty(
          fc.string({ minLength: 1, unit: 'binary' }),
          fc.json(),
          async (taskToken, output) => {
            const { headers, body } = await send({ taskToken, output });
            const ours = template?.headersOf(
              bytesOf(body),
              headers['amz-sdk-invocation-id'] ?? '',
              signedBy,
              amzDate(headers['x-amz-date'] ?? ''),
            );
            expect(objectOf(ours)).toEqual(headers);
          },
        ),
        { numRuns: 15 },
      );
    },
  );

  it.each([
    [{}, 'https://states.eu-west-1.amazonaws.com'],
    [{ endpoint: 'http://127.0.0.1:4566' }, 'http://127.0.0.1:4566'],
  ])('knows where requests go (with %j)', async (options, origin) => {
    const { kept, send } = setUp(keys, options);
    await send(first);
    expect(kept.map((template) => template.origin)).toEqual([origin]);
  });

  it.each([
    ['come', keys, withToken],
    ['stay away', withToken, keys],
  ])('steps aside once session tokens %s: other headers are signed then', async (_, then, now) => {
    const { kept, send } = setUp(then);
    await send(first);
    const [template] = kept;
    const body = Buffer.from('{}');
    expect(template?.headersOf(body, 'id', now, 0)).toBeUndefined();
    expect(template?.headersOf(body, 'id', then, 0)).toBeDefined();
  });

  it.each<[string, Options]>([
    ['if the configuration has other needs', { mayKeep: () => false }],
    ['if it does not know by what the SDK has signed', { knows: false }],
    ['if the SDK has signed by other credentials', { latest: { ...keys, secretAccessKey: 'no' } }],
  ])('keeps none %s', async (_, options) => {
    const { kept, send } = setUp(keys, options);
    await send(first);
    expect(kept).toEqual([]);
  });

  type Change = (request: SdkRequest & { path: string; method: string; query: object }) => unknown;

  /** Changes each request, under a name that is known, so that it is the request that matters. */
  function changeBy(change: Change) {
    return ((next: (args: object) => unknown) => (args: { request: never }) => {
      change(args.request);
      return next(args);
    }) as never;
  }
  const known = { name: 'stepFuncSourceInvocation' };

  it.each<[string, Change]>([
    ['another method', (request) => void (request.method = 'PUT')],
    ['another path', (request) => void (request.path = '/service/operation')],
    ['a query', (request) => void (request.query = { a: 'b' })],
    ['another content type', ({ headers }) => void (headers['content-type'] = 'application/cbor')],
    [
      'a header that may differ between calls',
      ({ headers }) =>
        void (headers['x-amzn-trace-id'] = 'Root=1-67891233-abcdef012345678912345678'),
    ],
    ['another body than the input as JSON', (request) => void (request.body = '{"taskToken":"t"}')],
  ])('keeps none of a request that was signed with %s', async (_, change) => {
    const { client, kept, send } = setUp(keys);
    client.middlewareStack.add(changeBy(change), { ...known, step: 'build', priority: 'high' });
    await send(first);
    expect(kept).toEqual([]);
  });

  it.each<[string, Change]>([
    ['without a signature', ({ headers }) => Reflect.deleteProperty(headers, 'authorization')],
    [
      'with another date than was signed',
      ({ headers }) => void (headers['x-amz-date'] = '20200101T000000Z'),
    ],
  ])('keeps none of a request %s', async (_, change) => {
    const { client, kept, send } = setUp(keys);
    client.middlewareStack.addRelativeTo(changeBy(change), {
      ...known,
      relation: 'before',
      toMiddleware: 'stepFuncSourceTemplate',
    });
    await send(first);
    expect(kept).toEqual([]);
  });

  it('keeps none of a second attempt, whose headers say that it is one', async () => {
    let attempts = 0;
    const { kept, send } = setUp(keys, { maxAttempts: 2, mayKeep: () => (attempts += 1) > 1 });
    const { headers } = await send(first);
    expect(headers['amz-sdk-request']).toMatch(/^attempt=2;/);
    expect(attempts).toBe(2);
    expect(kept).toEqual([]);
  });

  it('keeps none if a middleware is in the stack whose work would be left out', async () => {
    const { client, kept, send } = setUp(keys);
    client.middlewareStack.add((next) => (args) => next(args), { step: 'build', name: 'another' });
    await send(first);
    expect(kept).toEqual([]);
  });
});
