import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../lib/async/clock.js';
import { createClients } from '../../lib/sfn/clients.js';
import { attemptsOf } from '../../lib/sfn/errors.js';
import type { ComponentRequest, Handler } from '../support/integration/component.js';
import { json, startComponent } from '../support/integration/component.js';
import {
  awsError,
  kinds,
  plainClient,
  send,
  success,
  useDefaultClients,
} from '../support/integration/default-clients.js';
import { signatureOf } from '../support/integration/sigv4.js';
import { until } from '../support/integration/until.js';

// The shortcuts of the default clients begin with the second call of a kind: each test makes several.

const scene = useDefaultClients();

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
    for (const n of [0, 1, 2]) await send(scene.clients[of], command(n));
    const [theirs, first, ...later] = scene.aws.requests;
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
    const ids = scene.aws.requests.map(({ headers }) => headers['amz-sdk-invocation-id']);
    expect(new Set(ids).size).toBe(4);
  });

  it.each(kinds)('%s: are signed, every one', async (_, of, command) => {
    for (const n of [0, 1, 2]) await send(scene.clients[of], command(n));
    expect(scene.aws.requests).toHaveLength(3);
    for (const request of scene.aws.requests) {
      expect(signatureOf(request, 'test')).toMatchObject({ accessKeyId: 'test', isGood: true });
      expect(signatureOf(request, 'tess').isGood).toBe(false);
    }
  });

  it('are right when many of all kinds go out at once, before any has come back', async () => {
    const calls = Array.from({ length: 40 }, (_, n) =>
      kinds.map(([name, of, command]) => ({ name, of, command: command(n) })),
    ).flat();
    await Promise.all(calls.map(({ of, command }) => send(scene.clients[of], command)));
    const sent = scene.aws.requests.map(
      ({ headers, body }) => `${String(headers['x-amz-target'])} ${body}`,
    );
    const wanted = calls.map(
      ({ name, command }) =>
        `AWSStepFunctions.${name} ${JSON.stringify((command as { input: object }).input)}`,
    );
    expect(sent.sort()).toEqual(wanted.sort());
    expect(scene.aws.requests.filter((r) => !signatureOf(r, 'test').isGood)).toEqual([]);
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
      expect(new Set(scene.aws.requests.map((r) => r.headers['x-amz-security-token'])).size).toBe(
        3,
      );
    });
    for (const request of scene.aws.requests) {
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
      expect(scene.aws.requests.map((request) => signatureOf(request, 'role'))).toMatchObject([
        { accessKeyId: 'AKIDROLE', isGood: true },
        { accessKeyId: 'AKIDROLE', isGood: true },
      ]);
    });
  });

  it('are signed by the clock of AWS, once AWS has sent its time', async () => {
    await send(scene.clients.report, success());
    const ahead = { date: new Date(Date.now() + 3_600_000).toUTCString() };
    scene.answerWith(awsError(403, 'RequestTimeTooSkewed', ahead), (request, response) => {
      response.setHeader('date', ahead.date);
      return json({})(request, response);
    });
    const done = await send(scene.clients.report, success());
    expect(attemptsOf(done)).toBe(2);
    await send(scene.clients.report, success());
    const lead = scene.aws.requests.map((r) => signatureOf(r, 'test').signedAt - Date.now());
    expect(lead.map((ms) => Math.abs(Math.round(ms / 3_600_000)))).toEqual([0, 0, 1, 1]);
    expect(scene.aws.requests.filter((r) => !signatureOf(r, 'test').isGood)).toEqual([]);
  });
});
