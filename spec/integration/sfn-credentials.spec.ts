import type { SFNClientConfig } from '@aws-sdk/client-sfn';
import { SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../lib/async/clock.js';
import type { OwnClients } from '../../lib/sfn/clients.js';
import { createClients } from '../../lib/sfn/clients.js';
import { awsEnvironment } from '../support/integration/aws-environment.js';
import type { Component } from '../support/integration/component.js';
import { json, startComponent } from '../support/integration/component.js';
import { signatureOf } from '../support/integration/sigv4.js';

/** AWS, which takes one key at a time. */
let aws: Component;
let goodKey: string;
let refusal: string;
let folder: string;

beforeEach(async () => {
  goodKey = 'AKID1';
  refusal = 'ExpiredTokenException';
  aws = await startComponent((request, response) => {
    const { accessKeyId } = signatureOf(request, '');
    if (accessKeyId === goodKey) return json({})(request, response);
    const body = JSON.stringify({ __type: `com.amazon.coral.service#${refusal}`, message: 'no' });
    return response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
  });
  folder = await mkdtemp(join(tmpdir(), 'credentials-'));
  for (const [name, value] of Object.entries(awsEnvironment(aws.url))) vi.stubEnv(name, value);
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  await rm(folder, { recursive: true });
  await aws[Symbol.asyncDispose]();
});

const { signal } = new AbortController();
const success = () => new SendTaskSuccessCommand({ taskToken: 't', output: '1' });

function clientsOf(config?: SFNClientConfig): OwnClients {
  const clients = createClients(systemClock, config);
  onTestFinished(() => clients.destroy());
  return clients;
}

const send = (clients: OwnClients) => clients.report.send(success(), { abortSignal: signal });
const outcome = (clients: OwnClients) =>
  send(clients).then(
    () => 'ok',
    (error: unknown) => (error as Error).name,
  );

const iniOf = (key: string, profile = 'default') =>
  `[${profile}]\naws_access_key_id = ${key}\naws_secret_access_key = secret\n`;

/** Ways to keep credentials outside, each with a function that puts others in their place. */
const stores: [string, () => Promise<(key: string) => Promise<void>>][] = [
  [
    'AWS_SHARED_CREDENTIALS_FILE',
    async () => {
      const file = join(folder, 'credentials');
      vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
      return (key) => writeFile(file, iniOf(key));
    },
  ],
  [
    'AWS_CONFIG_FILE with a profile',
    async () => {
      const file = join(folder, 'config');
      vi.stubEnv('AWS_CONFIG_FILE', file);
      vi.stubEnv('AWS_PROFILE', 'worker');
      return (key) => writeFile(file, iniOf(key, 'profile worker'));
    },
  ],
  [
    'a credential_process',
    async () => {
      const answer = join(folder, 'answer');
      const file = join(folder, 'config');
      await writeFile(file, `[default]\ncredential_process = cat ${answer}\n`);
      vi.stubEnv('AWS_CONFIG_FILE', file);
      vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'none'));
      return (key) =>
        writeFile(answer, JSON.stringify({ Version: 1, AccessKeyId: key, SecretAccessKey: 's' }));
    },
  ],
  [
    'the environment',
    async () => {
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
      return async (key) => void vi.stubEnv('AWS_ACCESS_KEY_ID', key);
    },
  ],
];

describe('credentials that are renewed from outside', () => {
  it.each(stores)('%s: the next call but one succeeds', async (_, open) => {
    const put = await open();
    await put('AKID1');
    const clients = clientsOf();
    expect([await outcome(clients), await outcome(clients)]).toEqual(['ok', 'ok']);
    goodKey = 'AKID2';
    await put('AKID2');
    expect(await outcome(clients)).toBe('ExpiredTokenException');
    expect([await outcome(clients), await outcome(clients)]).toEqual(['ok', 'ok']);
  });

  it.each(['UnrecognizedClientException', 'InvalidSignatureException', 'InvalidClientTokenId'])(
    'so are those that are refused by %s',
    async (name) => {
      refusal = name;
      vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));
      await writeFile(join(folder, 'credentials'), iniOf('AKID0'));
      const clients = clientsOf();
      expect(await outcome(clients)).toBe(name);
      await writeFile(join(folder, 'credentials'), iniOf('AKID1'));
      expect(await outcome(clients)).toBe('ok');
    },
  );

  it('a file that is not there yet is found once it is', async () => {
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'late'));
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'none'));
    const clients = clientsOf();
    await expect(clients.prepare()).rejects.toThrow('Could not load credentials');
    await writeFile(join(folder, 'late'), iniOf('AKID1'));
    await clients.prepare();
    expect(await outcome(clients)).toBe('ok');
  });

  it('a provider of the user is asked again, once for all calls that were refused', async () => {
    let lot = 0;
    const credentials = vi.fn(async () => ({
      accessKeyId: `AKID${(lot += 1)}`,
      secretAccessKey: 'secret',
    }));
    goodKey = 'AKID2';
    const clients = clientsOf({ credentials });
    const all = await Promise.all(Array.from({ length: 10 }, () => outcome(clients)));
    expect(new Set(all)).toEqual(new Set(['ExpiredTokenException']));
    const next = await Promise.all(Array.from({ length: 10 }, () => outcome(clients)));
    expect(new Set(next)).toEqual(new Set(['ok']));
    expect(credentials).toHaveBeenCalledTimes(2);
    goodKey = 'another';
    for (let i = 0; i < 5; i += 1) await outcome(clients);
    // Within 10 s there is no other fetch.
    expect(credentials).toHaveBeenCalledTimes(2);
  });
});

describe('sources of one process', () => {
  /** A metadata service of containers, which counts. */
  async function startMetadata() {
    const service = await startComponent(
      json({
        AccessKeyId: 'AKID1',
        SecretAccessKey: 's',
        Token: 't',
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    );
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${service.url}/`);
    return service;
  }

  it('fetch credentials once, all together', async () => {
    await using metadata = await startMetadata();
    const all = Array.from({ length: 10 }, () => clientsOf());
    await Promise.all(all.flatMap((clients) => [send(clients), clients.prepare()]));
    expect(metadata.requests).toHaveLength(1);
  });

  it('do so by themselves if profile, region or credentials differ', async () => {
    await using metadata = await startMetadata();
    await Promise.all([clientsOf(), clientsOf({ region: 'eu-west-1' })].map(send));
    expect(metadata.requests).toHaveLength(2);
    const credentials = vi.fn(async () => ({ accessKeyId: 'AKID1', secretAccessKey: 's' }));
    await Promise.all([clientsOf({ credentials }), clientsOf({ credentials })].map(send));
    expect(credentials).toHaveBeenCalledTimes(1);
    expect(metadata.requests).toHaveLength(2);
  });
});

describe('clientConfig', () => {
  it.each<[string, SFNClientConfig, RegExp]>([
    ['region', { region: 'eu-central-1' }, /\/eu-central-1\/states\/aws4_request/],
    [
      'credentials as an object',
      { credentials: { accessKeyId: 'AKID1', secretAccessKey: 's', sessionToken: 'x' } },
      /Credential=AKID1\//,
    ],
  ])('%s', async (_, config, authorization) => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKID1');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    const clients = clientsOf(config);
    await send(clients);
    await send(clients);
    for (const { headers } of aws.requests) expect(headers.authorization).toMatch(authorization);
  });

  it('endpoint and profile', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_SFN', 'http://127.0.0.1:9');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));
    await writeFile(join(folder, 'credentials'), iniOf('AKID1', 'other'));
    expect(await outcome(clientsOf({ endpoint: aws.url, profile: 'other' }))).toBe('ok');
  });

  it('maxAttempts reaches reports', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKID1');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    const clients = clientsOf({ maxAttempts: 1, endpoint: 'http://127.0.0.1:9' });
    await expect(send(clients)).rejects.toMatchObject({ $metadata: { attempts: 1 } });
  });

  it("an ARN's region counts if there is no other", async () => {
    vi.stubEnv('AWS_REGION', undefined);
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'none'));
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKID1');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    await expect(clientsOf().prepare()).rejects.toMatchObject({ name: 'RegionError' });
    const clients = createClients(systemClock, {}, 'eu-north-1');
    onTestFinished(() => clients.destroy());
    await clients.prepare();
    await send(clients);
    expect(aws.requests[0]?.headers.authorization).toContain('/eu-north-1/states/');
  });
});
