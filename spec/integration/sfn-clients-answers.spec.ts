import { gzipSync } from 'node:zlib';
import { GetActivityTaskCommand } from '@aws-sdk/client-sfn';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../lib/async/clock.js';
import { getProperty } from '../../lib/common/property.js';
import { createClients } from '../../lib/sfn/clients.js';
import { attemptsOf, classifyAwsError, errorName } from '../../lib/sfn/errors.js';
import type { Handler } from '../support/integration/component.js';
import { json } from '../support/integration/component.js';
import {
  activityArn,
  awsError,
  cutOff,
  plainClient,
  send,
  success,
  useDefaultClients,
} from '../support/integration/default-clients.js';
import { signatureOf } from '../support/integration/sigv4.js';

// The shortcuts of the default clients begin with the second call of a kind: each test makes several.

const scene = useDefaultClients();

describe('answers to the default clients', () => {
  it('are the output, with the attempts that they took', async () => {
    const task = { taskToken: 'token', input: '{"text":"é€🙂"}' };
    for (let call = 0; call < 3; call += 1) {
      scene.answer = json(task);
      const output = await send(scene.clients.poll, new GetActivityTaskCommand({ activityArn }));
      expect(output).toMatchObject({ ...task, $metadata: { httpStatusCode: 200, attempts: 1 } });
    }
  });

  it('may come in any number of pieces', async () => {
    const text = JSON.stringify({ taskToken: 't', input: '🙂'.repeat(40_000) });
    scene.answer = (_, response) => {
      for (const byte of Buffer.from(text.slice(0, 200))) response.write(Buffer.of(byte));
      response.end(text.slice(200));
    };
    const output = await send(scene.clients.poll, new GetActivityTaskCommand({ activityArn }));
    expect(output).toMatchObject(JSON.parse(text) as object);
  });

  const html: Handler = (_, response) =>
    response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad Gateway</html>');
  const bad: [string, Handler][] = [
    ['TaskTimedOut', awsError(400, 'TaskTimedOut')],
    ['InvalidToken', awsError(400, 'InvalidToken')],
    ['an error that the SDK does not know', awsError(400, 'SomethingNew')],
    ['throttling', awsError(400, 'ThrottlingException')],
    ['a 503', awsError(503, 'ServiceUnavailable')],
    ['a name in a header alone', (_, r) => r.writeHead(400, { 'x-amzn-errortype': 'KmsX' }).end()],
    ['HTML with 502', html],
    ['a 500 without a body', (_, response) => response.writeHead(500).end()],
    ['a redirect', (_, response) => response.writeHead(307, { location: '/elsewhere' }).end()],
    [
      'an error whose name a header of the query protocol corrects',
      awsError(400, 'TaskTimedOut', { 'x-amzn-query-error': 'AWS.Other;Sender' }),
    ],
    [
      '200 in gzip, which was not asked for',
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{}')),
    ],
    ['200 with HTML', (_, response) => response.end('<html>Sign in</html>')],
    ['200 with half a JSON', (_, response) => response.end('{"taskToken": "t')],
    ['a connection that is cut', cutOff],
    [
      'a body that is cut',
      (_, response) => {
        response.writeHead(200, { 'content-length': 50 });
        response.write('{"taskToken":"t"', () => response.socket?.resetAndDestroy());
      },
    ],
  ];

  /** Each transport has names of its own for a connection that is cut, and knows more or less of its status. */
  const cut = /^(ECONNRESET|RequestTimeout|TimeoutError|Error)$/;

  it.each(bad)('%s is the error that a plain SFNClient makes of it', async (_, handler) => {
    const plain = plainClient({ maxAttempts: 1 });
    const seen: object[] = [];
    for (const ask of [
      (command: object) => plain.send(command as never),
      (command: object) => send(scene.clients.poll, command),
      (command: object) => send(scene.clients.poll, command),
    ]) {
      scene.answer = handler;
      const thrown: unknown = await ask(new GetActivityTaskCommand({ activityArn })).then(
        () => undefined,
        (error: unknown) => error,
      );
      const status = getProperty(getProperty(thrown, '$metadata'), 'httpStatusCode');
      const isCut = cut.test(errorName(thrown));
      seen.push(
        isCut
          ? { meaning: classifyAwsError(thrown) }
          : { name: errorName(thrown), status, meaning: classifyAwsError(thrown) },
      );
    }
    const [theirs, ...ours] = seen;
    expect(ours).toEqual([theirs, theirs]);
  });

  it('200 without a body is an output without fields', async () => {
    scene.answer = (_, response) => response.end();
    for (let call = 0; call < 2; call += 1) {
      const output = await send(scene.clients.report, success());
      expect(output).toMatchObject({ $metadata: { attempts: 1 } });
    }
  });
});

describe('retries of the default clients', () => {
  const passing: [string, Handler][] = [
    ['throttling', awsError(400, 'ThrottlingException')],
    ['a 503', awsError(503, 'ServiceUnavailable')],
    ['a 502 in HTML', (_, response) => response.writeHead(502).end('<html>')],
    ['a cut connection', cutOff],
  ];

  it.each(passing)('reports are sent again by the SDK after %s', async (_, trouble) => {
    await send(scene.clients.report, success());
    const before = scene.aws.requests.length;
    scene.answerWith(trouble, trouble);
    const output = await send(scene.clients.report, success(7));
    expect(attemptsOf(output)).toBe(3);
    const tries = scene.aws.requests.slice(before);
    expect(tries.map(({ headers }) => headers['amz-sdk-request'])).toEqual([
      'attempt=1; max=3',
      'attempt=2; max=3',
      'attempt=3; max=3',
    ]);
    expect(new Set(tries.map(({ headers }) => headers['amz-sdk-invocation-id'])).size).toBe(1);
    expect(new Set(tries.map(({ body }) => body)).size).toBe(1);
    expect(tries.filter((request) => !signatureOf(request, 'test').isGood)).toEqual([]);
  });

  it('AWS_MAX_ATTEMPTS has its say for reports, not for polls', async () => {
    vi.stubEnv('AWS_MAX_ATTEMPTS', '2');
    const own = createClients(systemClock);
    onTestFinished(() => own.destroy());
    scene.answer = awsError(503, 'ServiceUnavailable');
    await expect(send(own.report, success())).rejects.toMatchObject({ $metadata: { attempts: 2 } });
    const poll = send(own.poll, new GetActivityTaskCommand({ activityArn }));
    await expect(poll).rejects.toMatchObject({ $metadata: { attempts: 1 } });
  });

  it.each(passing)('polls are never sent again, not after %s either', async (_, trouble) => {
    const poll = () => send(scene.clients.poll, new GetActivityTaskCommand({ activityArn }));
    await poll();
    scene.answerWith(trouble);
    const before = scene.aws.requests.length;
    await expect(poll()).rejects.toThrow();
    expect(scene.aws.requests.length).toBe(before + 1);
  });

  it('a first call that fails leaves nothing behind that a later one would suffer from', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const own = createClients(systemClock);
    onTestFinished(() => own.destroy());
    await expect(send(own.report, success())).rejects.toMatchObject({
      name: 'CredentialsProviderError',
    });
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    for (const n of [0, 1]) await send(own.report, success(n));
    expect(scene.aws.requests.map((r) => signatureOf(r, 'test').isGood)).toEqual([true, true]);
  });
});
