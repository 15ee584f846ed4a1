import type { HealthProblem, StepFuncSourceEvents, StepFuncSourceOptions } from 'stepfunc-source';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createSource } from '../../lib/source/source.js';
import { pointSdkAt } from '../support/integration/aws-environment.js';
import { fastClock } from '../support/integration/fast-clock.js';
import { startTap } from '../support/integration/tap.js';
import { until } from '../support/integration/until.js';

afterEach(() => void vi.unstubAllEnvs());

const activityArn = 'arn:aws:states:us-east-1:123456789012:activity:sum';

/** A source whose time goes so many times as fast, on connections of its own. */
function fastSource(times: number, maxConcurrency = 1, options: StepFuncSourceOptions = {}) {
  const source = createSource(
    { activityArn, path: '/', maxConcurrency, concurrencyPerPoller: 1 },
    async ({ body }) => new Response(body),
    options,
    fastClock(times),
  );
  const failed: StepFuncSourceEvents['pollFailed'][] = [];
  source.on('pollFailed', (event) => failed.push(event));
  onTestFinished(() => void source.stop({ graceMs: 0 }));
  return { source, failed };
}

const isLiveness = ({ probe }: HealthProblem) => probe === 'liveness';

/** Nothing in this process runs for so long. */
function freeze(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('health of polls, over sockets', () => {
  it('H: has no liveness problem right after a freeze, nor once its limits have acted', async () => {
    await using silent = await startTap();
    pointSdkAt(silent.endpoint);
    const { source, failed } = fastSource(100);
    await source.start();
    await until(() => expect(silent.open()).toBe(1));
    // Two minutes of the source's.
    freeze(1_200);
    expect(source.health().problems).toEqual([]);
    await until(() => expect(failed).toMatchObject([{ error: 'TimeoutError' }]));
    expect(source.health().problems.filter(isLiveness)).toEqual([]);
  });

  it('H: has no liveness problem while an endpoint accepts 50 polls and never answers', async () => {
    await using silent = await startTap();
    pointSdkAt(silent.endpoint);
    const { source, failed } = fastSource(40, 50);
    await source.start();
    const seen = new Set<string>();
    const look = setInterval(() => {
      for (const { code, probe } of source.health().problems) seen.add(`${probe} ${code}`);
    }, 10);
    onTestFinished(() => clearInterval(look));
    // Each poller has had two limits of 70 s, and the back-off between them.
    await until(() => expect(failed.length).toBeGreaterThan(2 * 50));
    expect(silent.soFar()).toBeGreaterThanOrEqual(50);
    expect(failed.every(({ error }) => error === 'TimeoutError')).toBe(true);
    expect([...seen]).toEqual(['readiness pollsFailing']);
  });

  it('P1: emits that a name is not found, backs off for longer each time, and recovers', async () => {
    await using server = await startFakeSfnServer({ longPollMs: 60_000 });
    pointSdkAt(server.endpoint);
    // The name's end is reserved: no name server knows it.
    let hostname = 'states.invalid';
    const { source, failed } = fastSource(20, 1, {
      clientConfig: {
        endpoint: async () => ({ ...endpointOf(server.endpoint), hostname }),
      },
    });
    const execution = server.sfn.runTask('sum', 1);
    await source.start();
    await until(() => expect(failed.length).toBeGreaterThanOrEqual(3));
    expect(failed.every(({ error }) => /^(ENOTFOUND|EAI_AGAIN)$/.test(error))).toBe(true);
    expect(failed[0]?.message).toContain('states.invalid');
    expect(failed[0]?.retryInMs).toBeLessThanOrEqual(2_000);
    expect(failed[2]?.retryInMs).toBeGreaterThan(2_000);
    hostname = '127.0.0.1';
    expect(await execution).toEqual({ status: 'SUCCEEDED', output: '1' });
    expect(source.health().problems.filter(isLiveness)).toEqual([]);
  });
});

function endpointOf(url: string) {
  const { protocol, port } = new URL(url);
  return { protocol, port: Number(port), path: '/' };
}
