import type { SFNClient as Client } from '@aws-sdk/client-sfn';
import {
  CreateActivityCommand,
  GetActivityTaskCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { setMaxListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../lib/async/clock.js';
import { attemptsOf, errorName, classifyAwsError } from '../../lib/sfn/errors.js';
import { getProperty } from '../../lib/common/property.js';
import type { SfnClient } from '../../lib/sfn/api.js';
import type { OwnClients } from '../../lib/sfn/clients.js';
import { createClients } from '../../lib/sfn/clients.js';
import { awsEnvironment } from '../support/integration/aws-environment.js';
import type { Component, ComponentRequest, Handler } from '../support/integration/component.js';
import { hang, json, startComponent } from '../support/integration/component.js';
import { signatureOf } from '../support/integration/sigv4.js';
import { until } from '../support/integration/until.js';

// The shortcuts of the default clients begin with the second call of a kind: each test makes several.

let answer: Handler;
let aws: Component;
let clients: OwnClients;

beforeEach(async () => {
  answer = json({});
  aws = await startComponent((request, response) => answer(request, response));
  for (const [name, value] of Object.entries(awsEnvironment(aws.url))) vi.stubEnv(name, value);
  clients = createClients(systemClock);
});
afterEach(async () => {
  clients.destroy();
  vi.unstubAllEnvs();
  await aws[Symbol.asyncDispose]();
});

const activityArn = 'arn:aws:states:us-east-1:123456789012:activity:sum';
/** A call of each kind, told apart by the number. */
const kinds: [string, 'poll' | 'report', (n: number) => object][] = [
  ['CreateActivity', 'report', (n) => new CreateActivityCommand({ name: `sum-${n}` })],
  [
    'GetActivityTask',
    'poll',
    (n) => new GetActivityTaskCommand({ activityArn, workerName: `host:${n}` }),
  ],
  [
    'SendTaskSuccess',
    'report',
    (n) => new SendTaskSuccessCommand({ taskToken: `t${n}`, output: `["é€🙂", ${n}]` }),
  ],
  [
    'SendTaskFailure',
    'report',
    (n) => new SendTaskFailureCommand({ taskToken: `t${n}`, error: 'E', cause: 'a "cause"\n' }),
  ],
  ['SendTaskHeartbeat', 'report', (n) => new SendTaskHeartbeatCommand({ taskToken: `t${n}` })],
];

const success = (n = 0) => new SendTaskSuccessCommand({ taskToken: `t${n}`, output: `${n}` });

/** Of calls that nobody aborts. */
const { signal } = new AbortController();
setMaxListeners(0, signal);
const send = (client: SfnClient, command: object, abortSignal = signal) =>
  client.send(command, { abortSignal });

/** Answers with each of these in turn, and with `{}` then. */
function answerWith(...answers: Handler[]): void {
  const left = [...answers];
  answer = (request, response) => (left.shift() ?? json({}))(request, response);
}

const awsError =
  (status: number, name: string, headers: Record<string, string> = {}): Handler =>
  (_, response: ServerResponse) =>
    response
      .writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...headers })
      .end(JSON.stringify({ __type: `com.amazonaws.swf.service.v2.model#${name}`, message: name }));
const cutOff: Handler = (_, response) => response.socket?.resetAndDestroy();

/** The SDK's own client, as it comes. */
function plainClient(options: ConstructorParameters<typeof SFNClient>[0] = {}): Client {
  const client = new SFNClient(options);
  onTestFinished(() => client.destroy());
  return client;
}

/** What is the same for every request of a kind. */
function constantPart({ method, path, headers }: ComponentRequest): object {
  const own = ['amz-sdk-invocation-id', 'authorization', 'x-amz-date', 'x-amz-content-sha256'];
  const transport = ['connection', 'host', 'content-length', 'user-agent', 'x-amz-user-agent'];
  const rest = Object.entries(headers).filter(([name]) => ![...own, ...transport].includes(name));
  return { method, path, headers: Object.fromEntries(rest) };
}

describe('requests of the default clients', () => {
  it.each(kinds)('%s: say what those of a plain SFNClient say, every one', async (...kind) => {
    const [, of, command] = kind;
    const plain = plainClient(of === 'poll' ? { maxAttempts: 1 } : {});
    await plain.send(command(0) as never);
    for (const n of [0, 1, 2]) await send(clients[of], command(n));
    const [theirs, first, ...later] = aws.requests;
    if (theirs === undefined || first === undefined) throw new Error('Nothing was sent');
    expect(first.body).toBe(theirs.body);
    expect(constantPart(first)).toEqual(constantPart(theirs));
    for (const [i, request] of later.entries()) {
      const expected = { ...(command(i + 1) as { input: object }).input };
      expect(JSON.parse(request.body)).toEqual(expected);
      expect(constantPart(request)).toEqual(constantPart(first));
      expect(request.headers['user-agent']).toBe(first.headers['user-agent']);
      expect(request.headers['content-length']).toBe(String(Buffer.byteLength(request.body)));
    }
    const ids = aws.requests.map(({ headers }) => headers['amz-sdk-invocation-id']);
    expect(new Set(ids).size).toBe(4);
  });

  it.each(kinds)('%s: are signed, every one', async (_, of, command) => {
    for (const n of [0, 1, 2]) await send(clients[of], command(n));
    expect(aws.requests).toHaveLength(3);
    for (const request of aws.requests) {
      expect(signatureOf(request, 'test')).toMatchObject({ accessKeyId: 'test', isGood: true });
      expect(signatureOf(request, 'tess').isGood).toBe(false);
    }
  });

  it('are right when many of all kinds go out at once, before any has come back', async () => {
    const sent = Array.from({ length: 40 }, (_, n) =>
      kinds.map(([name, of, command]) => ({ name, of, command: command(n) })),
    ).flat();
    await Promise.all(sent.map(({ of, command }) => send(clients[of], command)));
    const told = aws.requests.map(
      ({ headers, body }) => `${String(headers['x-amz-target'])} ${body}`,
    );
    const wanted = sent.map(
      ({ name, command }) =>
        `AWSStepFunctions.${name} ${JSON.stringify((command as { input: object }).input)}`,
    );
    expect(told.sort()).toEqual(wanted.sort());
    expect(aws.requests.filter((r) => !signatureOf(r, 'test').isGood)).toEqual([]);
  });

  it('are signed with credentials that are renewed before they expire', async () => {
    let lot = 0;
    await using role = await startComponent((request, response) => {
      lot += 1;
      return json({
        AccessKeyId: `AKID${lot}`,
        SecretAccessKey: `secret${lot}`,
        Token: `session${lot}`,
        // The SDK renews what has less than five minutes to go.
        Expiration: new Date(Date.now() + 60_000).toISOString(),
      })(request, response);
    });
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${role.url}/credentials`);
    const own = createClients(systemClock);
    onTestFinished(() => own.destroy());
    // It does so between one call and the next: how often is its own affair.
    await until(async () => {
      await send(own.report, success());
      expect(new Set(aws.requests.map((r) => r.headers['x-amz-security-token'])).size).toBe(3);
    });
    for (const request of aws.requests) {
      const token = String(request.headers['x-amz-security-token']);
      const number = token.replace('session', '');
      const { accessKeyId, isGood } = signatureOf(request, `secret${number}`);
      expect({ accessKeyId, isGood }).toEqual({ accessKeyId: `AKID${number}`, isGood: true });
    }
  });

  describe('are signed with credentials that the SDK gets from STS', () => {
    /** STS, as far as roles are concerned. */
    const sts: Handler = ({ body }, response) => {
      const action = new URLSearchParams(body).get('Action') ?? '';
      const credentials = `<Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>role</SecretAccessKey><SessionToken>session</SessionToken><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration></Credentials>`;
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.end(
        `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${credentials}</${action}Result></${action}Response>`,
      );
    };
    const roleArn = 'arn:aws:iam::123456789012:role/worker';

    it.each<[string, string, (folder: string) => Promise<Record<string, string>>]>([
      [
        'a web identity, as in EKS',
        'AssumeRoleWithWebIdentity',
        async (folder) => {
          await writeFile(join(folder, 'token'), 'a token');
          return { AWS_ROLE_ARN: roleArn, AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token') };
        },
      ],
      [
        'a profile with a role',
        'AssumeRole',
        async (folder) => {
          const file = join(folder, 'config');
          const base = '[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = base';
          await writeFile(
            file,
            `[profile worker]\nrole_arn = ${roleArn}\nsource_profile = base\n\n${base}\n`,
          );
          return { AWS_CONFIG_FILE: file, AWS_PROFILE: 'worker' };
        },
      ],
    ])('by %s', async (_, action, environment) => {
      const folder = await mkdtemp(join(tmpdir(), 'role-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      await using stsServer = await startComponent(sts);
      vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
      vi.stubEnv('AWS_ENDPOINT_URL_STS', stsServer.url);
      for (const [name, value] of Object.entries(await environment(folder))) {
        vi.stubEnv(name, value);
      }
      const own = createClients(systemClock);
      onTestFinished(() => own.destroy());
      for (const n of [0, 1]) await send(own.report, success(n));
      expect(stsServer.requests.map(({ body }) => body)).toEqual([
        expect.stringContaining(`Action=${action}&`),
      ]);
      expect(aws.requests.map((request) => signatureOf(request, 'role'))).toMatchObject([
        { accessKeyId: 'AKIDROLE', isGood: true },
        { accessKeyId: 'AKIDROLE', isGood: true },
      ]);
    });
  });

  it('are signed by the clock of AWS, once AWS has told its time', async () => {
    await send(clients.report, success());
    const ahead = { date: new Date(Date.now() + 3_600_000).toUTCString() };
    answerWith(awsError(403, 'RequestTimeTooSkewed', ahead), (request, response) => {
      response.setHeader('date', ahead.date);
      return json({})(request, response);
    });
    const done = await send(clients.report, success());
    expect(attemptsOf(done)).toBe(2);
    await send(clients.report, success());
    const lead = aws.requests.map((r) => signatureOf(r, 'test').signedAt - Date.now());
    expect(lead.map((ms) => Math.abs(Math.round(ms / 3_600_000)))).toEqual([0, 0, 1, 1]);
    expect(aws.requests.filter((r) => !signatureOf(r, 'test').isGood)).toEqual([]);
  });
});

describe('answers to the default clients', () => {
  it('are the output, with the attempts that they took', async () => {
    const task = { taskToken: 'token', input: '{"text":"é€🙂"}' };
    for (let call = 0; call < 3; call += 1) {
      answer = json(task);
      const output = await send(clients.poll, new GetActivityTaskCommand({ activityArn }));
      expect(output).toMatchObject({ ...task, $metadata: { httpStatusCode: 200, attempts: 1 } });
    }
  });

  it('may come in any number of pieces', async () => {
    const text = JSON.stringify({ taskToken: 't', input: '🙂'.repeat(40_000) });
    answer = (_, response) => {
      for (const byte of Buffer.from(text.slice(0, 200))) response.write(Buffer.of(byte));
      response.end(text.slice(200));
    };
    const output = await send(clients.poll, new GetActivityTaskCommand({ activityArn }));
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
    const told: object[] = [];
    for (const ask of [
      (command: object) => plain.send(command as never),
      (command: object) => send(clients.poll, command),
      (command: object) => send(clients.poll, command),
    ]) {
      answer = handler;
      const thrown: unknown = await ask(new GetActivityTaskCommand({ activityArn })).then(
        () => undefined,
        (error: unknown) => error,
      );
      const status = getProperty(getProperty(thrown, '$metadata'), 'httpStatusCode');
      const isCut = cut.test(errorName(thrown));
      told.push(
        isCut
          ? { meaning: classifyAwsError(thrown) }
          : { name: errorName(thrown), status, meaning: classifyAwsError(thrown) },
      );
    }
    const [theirs, ...ours] = told;
    expect(ours).toEqual([theirs, theirs]);
  });

  it('200 without a body is an output without fields', async () => {
    answer = (_, response) => response.end();
    for (let call = 0; call < 2; call += 1) {
      const output = await send(clients.report, success());
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
    await send(clients.report, success());
    const before = aws.requests.length;
    answerWith(trouble, trouble);
    const output = await send(clients.report, success(7));
    expect(attemptsOf(output)).toBe(3);
    const tries = aws.requests.slice(before);
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
    answer = awsError(503, 'ServiceUnavailable');
    await expect(send(own.report, success())).rejects.toMatchObject({ $metadata: { attempts: 2 } });
    const poll = send(own.poll, new GetActivityTaskCommand({ activityArn }));
    await expect(poll).rejects.toMatchObject({ $metadata: { attempts: 1 } });
  });

  it.each(passing)('polls are never sent again, not after %s either', async (_, trouble) => {
    const poll = () => send(clients.poll, new GetActivityTaskCommand({ activityArn }));
    await poll();
    answerWith(trouble);
    const before = aws.requests.length;
    await expect(poll()).rejects.toThrow();
    expect(aws.requests.length).toBe(before + 1);
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
    expect(aws.requests.map((r) => signatureOf(r, 'test').isGood)).toEqual([true, true]);
  });
});

describe('aborts of the default clients', () => {
  it.each(['poll', 'report'] as const)(
    'S2: end a call on the %s client and its connection, and it is not sent again',
    async (of) => {
      const [, , command] = kinds.find(([, client]) => client === of) ?? kinds[0] ?? [];
      if (command === undefined) throw new Error('There is no such kind of call');
      await send(clients[of], command(0));
      answer = hang;
      const controller = new AbortController();
      const call = send(clients[of], command(1), controller.signal);
      await until(() => expect(aws.unanswered()).toBe(1));
      // A reason by whose name the SDK would send it again.
      controller.abort(Object.assign(new Error('late'), { name: 'TimeoutError' }));
      await expect(call).rejects.toMatchObject({ name: 'AbortError' });
      // Its connection is closed: the other side has nobody to answer to.
      await until(() => expect(aws.unanswered()).toBe(0));
      expect(aws.requests).toHaveLength(2);
    },
  );

  it('S2: a report whose next try is waited for is not sent again', async () => {
    answer = awsError(400, 'ThrottlingException');
    const controller = new AbortController();
    const call = send(clients.report, success(), controller.signal);
    await until(() => expect(aws.requests).toHaveLength(1));
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(aws.requests).toHaveLength(1);
  });

  it('S3: destroy() closes every connection, and no call goes out after it', async () => {
    await Promise.all(kinds.map(([, of, command]) => send(clients[of], command(0))));
    expect(aws.connections()).toBeGreaterThan(1);
    clients.destroy();
    await until(() => expect(aws.connections()).toBe(0));
    const before = aws.requests.length;
    await expect(send(clients.poll, kinds[1]?.[2](1) ?? {})).rejects.toThrow();
    expect(aws.requests).toHaveLength(before);
  });
});
