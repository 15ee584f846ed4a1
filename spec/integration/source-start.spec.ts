import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { StepFuncSource, StepFuncSourceState } from 'stepfunc-source';
import { ActivityError, createStepFuncSource } from 'stepfunc-source';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { pointSdkAt } from '../support/integration/aws-environment.js';
import { startTap } from '../support/integration/tap.js';
import { until } from '../support/integration/until.js';

afterEach(() => void vi.unstubAllEnvs());

/** One attempt: what more of them do has specs of its own. */
const config = { activityName: 'sum', path: '/', startTimeoutMs: 0 };
const echoTo = async ({ body }: { body: string }) => new Response(body);

function sourceOf(fields: { activityArn?: string } = {}): {
  source: StepFuncSource;
  states: StepFuncSourceState[];
} {
  const source = createStepFuncSource({ ...config, ...fields }, echoTo);
  const states: StepFuncSourceState[] = [];
  source.on('stateChanged', ({ to }) => states.push(to));
  return { source, states };
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.unreachable('expected a rejection'),
    (error: unknown) => error as Error,
  );
}

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  await using server = await startFakeSfnServer();
  return server.port;
}

describe('start against an endpoint that refuses connections', () => {
  it('rejects with an ActivityError that says why; the source starts once there is a server', async () => {
    const port = await freePort();
    pointSdkAt(`http://127.0.0.1:${port}`);
    const { source, states } = sourceOf();
    const error = await rejection(source.start());
    expect(error).toBeInstanceOf(ActivityError);
    expect(error.message).toMatch(
      /activity 'sum' could not be had.*connect ECONNREFUSED 127\.0\.0\.1:\d+.*Check the region/,
    );
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
    expect(source.state).toBe('stopped');
    expect(states).toEqual(['starting', 'stopped']);

    await using server = await startFakeSfnServer({ port, longPollMs: 100 });
    await source.start();
    expect(await server.sfn.runTask('sum', 1)).toEqual({ status: 'SUCCEEDED', output: '1' });
    await source.stop();
  });

  it('rejects every start() that waits for it', async () => {
    pointSdkAt(`http://127.0.0.1:${await freePort()}`);
    const { source, states } = sourceOf();
    const errors = await Promise.all([source.start(), source.start()].map(rejection));
    expect(errors.map(({ name }) => name)).toEqual(['ActivityError', 'ActivityError']);
    expect(states).toEqual(['starting', 'stopped']);
  });

  it('run() rejects as start() does', async () => {
    pointSdkAt(`http://127.0.0.1:${await freePort()}`);
    const { source } = sourceOf();
    const error = await rejection(source.run(new AbortController().signal));
    expect(error).toBeInstanceOf(ActivityError);
    expect(source.state).toBe('stopped');
  });
});

describe('start against an endpoint that never answers', () => {
  it('is ended at once by stop(), with no connection left', async () => {
    await using deaf = await startTap();
    pointSdkAt(deaf.endpoint);
    const { source, states } = sourceOf();
    const started = rejection(source.start());
    await until(() => expect(deaf.sent().join('')).toContain('CreateActivity'));
    const summary = { succeeded: 0, failed: 0, abandonedPolls: 0, lost: 0 };
    expect(await source.stop()).toEqual(summary);
    expect((await started).name).toBe('AbortError');
    expect(states).toEqual(['starting', 'stopping', 'stopped']);
    await until(() => expect(deaf.open()).toBe(0));
    // Had the client tried again, it would have been at once.
    expect(deaf.soFar()).toBe(1);
  });

  it('is ended at once by the signal given to run()', async () => {
    await using deaf = await startTap();
    pointSdkAt(deaf.endpoint);
    const { source } = sourceOf();
    const aborter = new AbortController();
    const ran = source.run(aborter.signal);
    await until(() => expect(deaf.sent().join('')).toContain('CreateActivity'));
    aborter.abort();
    expect(await ran).toEqual({ succeeded: 0, failed: 0, abandonedPolls: 0, lost: 0 });
    expect(source.state).toBe('stopped');
    await until(() => expect(deaf.open()).toBe(0));
  });
});

describe('start', () => {
  it('rejects with the name of what AWS refuses', async () => {
    await using server = await startFakeSfnServer();
    pointSdkAt(server.endpoint);
    server.sfn.fault({ kind: 'error', name: 'AccessDeniedException', status: 403 });
    const { source } = sourceOf();
    const error = await rejection(source.start());
    expect(error).toMatchObject({
      name: 'ActivityError',
      cause: { name: 'AccessDeniedException' },
    });
    expect(server.sfn.calls('CreateActivity')).toBe(1);
    expect(server.sfn.calls('GetActivityTask')).toBe(0);
  });

  it('rides out passing trouble by the retries of the SDK', async () => {
    await using server = await startFakeSfnServer({ longPollMs: 50 });
    pointSdkAt(server.endpoint);
    server.sfn.fault({ kind: 'throttling' });
    server.sfn.fault({ kind: 'reset' });
    const { source } = sourceOf();
    await source.start();
    expect(server.sfn.calls('CreateActivity')).toBe(3);
    await source.stop();
  });

  it('needs no server if the ARN is given', async () => {
    const port = await freePort();
    pointSdkAt(`http://127.0.0.1:${port}`);
    const activityArn = 'arn:aws:states:us-east-1:123456789012:activity:sum';
    const { source } = sourceOf({ activityArn });
    const failures: string[] = [];
    source.on('pollFailed', ({ error }) => failures.push(error));
    await source.start();
    await until(() => expect(failures).toEqual(['ECONNREFUSED']));
    await using server = await startFakeSfnServer({ port, longPollMs: 50 });
    expect(await server.sfn.runTask('sum', 1)).toEqual({ status: 'SUCCEEDED', output: '1' });
    await source.stop();
    expect(server.sfn.calls('CreateActivity')).toBe(0);
  });

  it('goes on through passing trouble that outlasts the retries of the SDK, and emits it', async () => {
    const port = await freePort();
    pointSdkAt(`http://127.0.0.1:${port}`);
    const source = createStepFuncSource({ ...config, startTimeoutMs: 60_000 }, echoTo);
    const failures: object[] = [];
    source.on('startFailed', (event) => failures.push(event));
    const started = source.start();
    await until(() => expect(failures).not.toHaveLength(0));
    expect(failures[0]).toMatchObject({
      activityName: 'sum',
      error: 'ECONNREFUSED',
      message: expect.stringContaining(`127.0.0.1:${port}`) as string,
      requestId: undefined,
      retryInMs: expect.any(Number) as number,
    });
    await using server = await startFakeSfnServer({ port, longPollMs: 50 });
    server.sfn.fault({ kind: 'throttling', operation: 'CreateActivity', times: 6 });
    await started;
    expect(await server.sfn.runTask('sum', 1)).toEqual({ status: 'SUCCEEDED', output: '1' });
    await source.stop();
  });

  it('waits for credentials that are not there yet', async () => {
    await using server = await startFakeSfnServer({ longPollMs: 50 });
    pointSdkAt(server.endpoint);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere/credentials');
    vi.stubEnv('AWS_CONFIG_FILE', '/nowhere/config');
    const source = createStepFuncSource(
      {
        ...config,
        activityArn: 'arn:aws:states:us-east-1:123456789012:activity:sum',
        startTimeoutMs: 60_000,
      },
      echoTo,
    );
    const failures: string[] = [];
    source.on('startFailed', ({ error }) => failures.push(error));
    const started = source.start();
    await until(() => expect(failures).toContain('CredentialsProviderError'));
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    await started;
    expect(await server.sfn.runTask('sum', 1)).toEqual({ status: 'SUCCEEDED', output: '1' });
    await source.stop();
  });

  it('writes in words of its own that a profile names an sso_session which is not there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'profile-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'config');
    await writeFile(file, '[default]\nsso_session = a\nsso_account_id = 1\nsso_role_name = b\n');
    pointSdkAt('http://127.0.0.1:9');
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere/credentials');
    vi.stubEnv('AWS_CONFIG_FILE', file);
    const source = createStepFuncSource(config, echoTo);
    const { message } = await rejection(source.start());
    expect(message).toContain("CredentialsProviderError: The SDK can't read the credentials'");
    expect(message).toContain('Check the credentials: the environment, AWS_PROFILE');
  });

  it.each([
    ['of the options', { clientConfig: { profile: 'worker' } }, undefined],
    ['of the environment', {}, 'worker'],
  ])('names the profile %s if there are no credentials for it', async (_, options, inEnv) => {
    pointSdkAt('http://127.0.0.1:9');
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_PROFILE', inEnv);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere/credentials');
    vi.stubEnv('AWS_CONFIG_FILE', '/nowhere/config');
    const source = createStepFuncSource({ ...config, startTimeoutMs: 0 }, echoTo, options);
    const { message } = await rejection(source.start());
    expect(message).toMatch(/CredentialsProviderError: .+ \(profile 'worker'\)\. Check the cred/);
  });

  it.each([
    ['config.activityArn is not there either', undefined],
    ['an injected client has none', () => new SFNClient({})],
  ])('rejects at once if there is no region: %s', async (_, newClient) => {
    pointSdkAt('http://127.0.0.1:9');
    vi.stubEnv('AWS_REGION', undefined);
    vi.stubEnv('AWS_CONFIG_FILE', '/nowhere/config');
    const options = newClient === undefined ? undefined : { client: newClient() };
    const source = createStepFuncSource({ ...config, startTimeoutMs: 60_000 }, echoTo, options);
    const failures: object[] = [];
    source.on('startFailed', (event) => failures.push(event));
    const error = await rejection(source.start());
    expect(error.message).toMatch(/RegionError: There is no region.*Set AWS_REGION/);
    expect(failures).toEqual([
      expect.objectContaining({ error: 'RegionError', retryInMs: undefined }),
    ]);
  });

  it('rejects at once if an injected client is of an SDK that is too old', async () => {
    pointSdkAt('http://127.0.0.1:9');
    const client = new SFNClient({});
    // Clients of older versions have it in each command.
    client.middlewareStack.remove('serializerMiddleware');
    const source = createStepFuncSource({ ...config, startTimeoutMs: 60_000 }, echoTo, { client });
    const error = await rejection(source.start());
    expect(error.message).toMatch(/@aws-sdk\/client-sfn \d+\.\d+\.\d+ or later.*Update/);
  });

  it('is ended by stop() while it waits for its next attempt', async () => {
    pointSdkAt(`http://127.0.0.1:${await freePort()}`);
    const source = createStepFuncSource({ ...config, startTimeoutMs: 60_000 }, echoTo);
    const failed = new Promise((resolve) => source.once('startFailed', resolve));
    const started = rejection(source.start());
    await failed;
    await source.stop();
    expect((await started).name).toBe('AbortError');
  });
});
