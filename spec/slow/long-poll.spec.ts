import type { StepFuncSourceEvents } from 'stepfunc-source';
import { createStepFuncSource } from 'stepfunc-source';
import type { FakeSfnServer } from 'stepfunc-source/testing';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pointSdkAt } from '../support/integration/aws-environment.js';

// Real minutes over real sockets: polls as long as AWS holds them.

const POLL_MS = 60_000;

let server: FakeSfnServer;
beforeAll(async () => {
  server = await startFakeSfnServer({ longPollMs: POLL_MS });
  pointSdkAt(server.endpoint);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

function sourceOf(activityName: string) {
  const config = { activityName, path: '/' };
  const source = createStepFuncSource(config, async ({ body }) => new Response(body));
  const pollsFailed: StepFuncSourceEvents['pollFailed'][] = [];
  source.on('pollFailed', (event) => pollsFailed.push(event));
  return { source, pollsFailed };
}

/** The moments at which the polls of an activity arrive. */
function pollsOf(activityName: string): number[] {
  const arrivals: number[] = [];
  const arn = server.sfn.activityArn(activityName);
  const when = ({ activityArn }: Readonly<Record<string, unknown>>) => {
    if (activityArn === arn) arrivals.push(performance.now());
    return false;
  };
  server.sfn.fault({
    kind: 'latency',
    ms: 0,
    operation: 'GetActivityTask',
    times: Infinity,
    when,
  });
  return arrivals;
}

const waitFor = (assertion: () => unknown, timeout: number) =>
  vi.waitFor(assertion, { timeout, interval: 20 });

describe.concurrent('over real minutes', () => {
  it('P1: a long poll comes back empty, is followed by another, and that one brings a task in its last seconds', async () => {
    const { source, pollsFailed } = sourceOf('patient');
    const arrivals = pollsOf('patient');
    await source.start();
    await waitFor(() => expect(arrivals).toHaveLength(2), POLL_MS + 30_000);
    const [first = 0, second = 0] = arrivals;
    expect(second - first).toBeGreaterThanOrEqual(POLL_MS - 100);
    await sleep(58_000);
    expect(server.sfn.openPolls('patient')).toBe(1);
    const outcome = await server.sfn.runTask('patient', 1);
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: '1' });
    expect(arrivals.length).toBeLessThanOrEqual(3);
    expect(pollsFailed).toEqual([]);
    await source.stop({ graceMs: 0 });
    expect(source.status()).toMatchObject({ received: 1, succeeded: 1, lost: 0, pollsFailed: 0 });
  });

  it('P1: a poll that never comes back ends after 70 s, and polling goes on', async () => {
    const { source, pollsFailed } = sourceOf('silent');
    const arrivals = pollsOf('silent');
    const arn = server.sfn.activityArn('silent');
    server.sfn.fault({
      kind: 'hang',
      operation: 'GetActivityTask',
      when: ({ activityArn }) => activityArn === arn,
    });
    await source.start();
    await waitFor(() => expect(pollsFailed).toHaveLength(1), POLL_MS + 30_000);
    const heldMs = performance.now() - (arrivals[0] ?? 0);
    expect(heldMs).toBeGreaterThanOrEqual(69_900);
    expect(pollsFailed).toMatchObject([{ poller: 0, error: 'TimeoutError' }]);
    const outcome = await server.sfn.runTask('silent', 1);
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: '1' });
    await source.stop({ graceMs: 0 });
  });

  it('S1: a long poll is waited for by a stop without a grace, and the task that it brings is run', async () => {
    const { source } = sourceOf('stopped');
    const arrivals = pollsOf('stopped');
    await source.start();
    await waitFor(() => expect(server.sfn.openPolls('stopped')).toBe(1), 30_000);
    const stopped = source.stop();
    await sleep(55_000);
    const outcome = await server.sfn.runTask('stopped', 1);
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: '1' });
    const summary = { succeeded: 1, failed: 0, abandonedPolls: 0, lost: 0 };
    expect(await stopped).toEqual(summary);
    expect(arrivals).toHaveLength(1);
  });

  it('start against an endpoint that never answers rejects, once the tries of the SDK are over', async () => {
    const when = ({ name }: Readonly<Record<string, unknown>>) => name === 'deaf';
    server.sfn.fault({ kind: 'hang', operation: 'CreateActivity', times: Infinity, when });
    const { source } = sourceOf('deaf');
    const startedAt = performance.now();
    await expect(source.start()).rejects.toMatchObject({
      name: 'ActivityError',
      cause: { name: 'TimeoutError' },
    });
    // The bound is 60 s.
    expect(performance.now() - startedAt).toBeLessThan(75_000);
    expect(source.state).toBe('stopped');
  });
});
