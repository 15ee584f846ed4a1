import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Health, StepFuncSource } from 'stepfunc-source';
import { createStepFuncSource } from 'stepfunc-source';
import type { FakeSfnServer } from 'stepfunc-source/testing';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createProbeServer } from '../../examples/health.js';
import { compiledOf } from '../support/compiled.js';
import { awsEnvironment, pointSdkAt } from '../support/integration/aws-environment.js';
import { json, startComponent } from '../support/integration/component.js';
import { until } from '../support/integration/until.js';

interface Scraped {
  status: number;
  ok: boolean;
  /** Their names alone. */
  problems: string[];
}

async function scrape(url: string): Promise<Scraped> {
  const response = await fetch(url);
  const { ok, problems } = (await response.json()) as Health;
  return { status: response.status, ok, problems: problems.map(({ code: problem }) => problem) };
}

const well: Scraped = { status: 200, ok: true, problems: [] };
const ill = (...problems: string[]): Scraped => ({ status: 503, ok: false, problems });

const now = performance.now.bind(performance);

const example = fileURLToPath(new URL('../../examples/health.ts', import.meta.url));

describe('the probes of examples/health.ts', () => {
  let server: FakeSfnServer;
  let source: StepFuncSource;
  let probes: { ready(): Promise<Scraped>; live(): Promise<Scraped> };
  let close: () => Promise<unknown>;

  beforeEach(async () => {
    server = await startFakeSfnServer({ longPollMs: 500 });
    pointSdkAt(server.endpoint);
    source = createStepFuncSource({ activityName: 'sum', path: '/' }, async ({ body }) => {
      return new Response(body);
    });
    const http = createProbeServer(source).listen(0, '127.0.0.1');
    await once(http, 'listening');
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    probes = { ready: () => scrape(`${url}/ready`), live: () => scrape(`${url}/live`) };
    close = () => {
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      return closed;
    };
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await source.stop({ graceMs: 0 });
    await Promise.all([close(), server.close()]);
    vi.unstubAllEnvs();
  });

  /** Lets the clock of health be so far ahead, as if so much time had passed. */
  function passMs(ms: number): void {
    vi.spyOn(performance, 'now').mockImplementation(() => now() + ms);
  }

  it('say ready only while the source runs, and live all along', async () => {
    expect(await probes.ready()).toEqual(ill('notRunning'));
    expect(await probes.live()).toEqual(well);
    await source.start();
    expect(await probes.ready()).toEqual(well);
    expect(await probes.live()).toEqual(well);
    const stopped = source.stop();
    expect(await probes.ready()).toEqual(ill('notRunning'));
    expect(await probes.live()).toEqual(well);
    await stopped;
  });

  it('say not ready if polls have failed for a minute, and live, since a restart mends nothing', async () => {
    await source.start();
    const mend = server.sfn.fault({
      kind: 'error',
      name: 'ExpiredTokenException',
      operation: 'GetActivityTask',
      times: Infinity,
    });
    await until(() => expect(source.status().pollsFailed).toBeGreaterThan(0));
    expect(await probes.ready()).toEqual(well);
    passMs(60_000);
    expect(await probes.ready()).toEqual(ill('pollsFailing'));
    expect(await probes.live()).toEqual(well);
    mend();
    await until(async () => expect(await probes.ready()).toEqual(well));
  });

  it('say not live if no poll comes back though a slot is free', async () => {
    server.sfn.fault({ kind: 'hang', operation: 'GetActivityTask' });
    await source.start();
    await until(() => expect(server.sfn.calls('GetActivityTask')).toBe(1));
    passMs(90_000);
    // A process that was frozen looks the same, until its time limits have acted.
    expect(await probes.live()).toEqual(well);
    passMs(95_000);
    expect(await probes.ready()).toEqual(ill('pollsOverdue'));
    expect(await probes.live()).toEqual(ill('pollsOverdue'));
  });

  it('say not ready if a report has been stuck for a minute', async () => {
    const mend = server.sfn.fault({
      kind: 'error',
      name: 'AccessDeniedException',
      operation: 'SendTaskSuccess',
      times: Infinity,
    });
    const reportFailed = new Promise((resolve) => source.once('reportFailed', resolve));
    await source.start();
    void server.sfn.runTask('sum', 1);
    await reportFailed;
    expect(await probes.ready()).toEqual(well);
    passMs(60_000);
    expect(await probes.ready()).toEqual(ill('reportsStuck'));
    expect(await probes.live()).toEqual(well);
    mend();
    await until(async () => expect(await probes.ready()).toEqual(well));
  });
});

describe('examples/health.ts', () => {
  it('runs as a process: ready, at work, not ready while it stops, and ends with exit code 0', async () => {
    await using server = await startFakeSfnServer({ longPollMs: 60_000 });
    await using component = await startComponent(json('done'));
    const child = spawn(process.execPath, [compiledOf(example)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        ...awsEnvironment(server.endpoint),
        COMPONENT_URL: component.url,
        PORT: '0',
      },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'close');
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    await until(() => expect(stdout).toMatch(/probes on port \d+/));
    const url = `http://127.0.0.1:${/port (\d+)/.exec(stdout)?.[1] ?? ''}`;
    await until(async () => expect(await scrape(`${url}/ready`)).toEqual(well));
    expect(await scrape(`${url}/live`)).toEqual(well);
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect(await server.sfn.runTask('sum', [1, 2])).toEqual({
      status: 'SUCCEEDED',
      output: '"done"',
    });
    // The task has widened the poller by one poll.
    await until(() => expect(server.sfn.openPolls()).toBe(2));
    child.kill('SIGTERM');
    await until(async () => expect(await scrape(`${url}/ready`)).toEqual(ill('notRunning')));
    expect(await scrape(`${url}/live`)).toEqual(well);
    const last = await Promise.all([server.sfn.runTask('sum', 3), server.sfn.runTask('sum', 4)]);
    expect(last).toMatchObject([{ status: 'SUCCEEDED' }, { status: 'SUCCEEDED' }]);
    expect(await ended).toEqual([0, null]);
    expect(stderr).toBe('');
    expect(stdout).toContain('The source is stopped');
  });
});
