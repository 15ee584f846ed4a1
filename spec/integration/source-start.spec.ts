import type { StepFuncSource, StepFuncSourceState } from 'stepfunc-source';
import { ActivityError, createStepFuncSource } from 'stepfunc-source';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { pointSdkAt } from '../support/integration/aws-environment.js';
import { startTap } from '../support/integration/tap.js';
import { until } from '../support/integration/until.js';

afterEach(() => void vi.unstubAllEnvs());

const config = { activityName: 'sum', path: '/' };
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

/** A port on which nobody listens. */
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

  it('needs no server where the ARN is given', async () => {
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
});
