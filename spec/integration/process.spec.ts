import type { FakeSfnServer, FakeSfnServerOptions } from 'stepfunc-source/testing';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterAll, describe, expect, it } from 'vitest';
import type { Component, Handler } from '../support/integration/component.js';
import { echo, hang, startComponent } from '../support/integration/component.js';
import type { Process, ServiceOrder } from '../support/integration/process.js';
import { killProcesses, startProcess } from '../support/integration/process.js';
import { startTap } from '../support/integration/tap.js';
import { until } from '../support/integration/until.js';

// What would keep a process alive here lasts for minutes: polls, idle connections, back-off.

afterAll(killProcesses);

interface Stage extends AsyncDisposable {
  server: FakeSfnServer;
  component: Component;
  start(script: string, order?: Omit<ServiceOrder, 'componentUrl'>): Process;
}

async function setUp(handler: Handler, options: FakeSfnServerOptions = {}): Promise<Stage> {
  const server = await startFakeSfnServer({ longPollMs: 600_000, ...options });
  const component = await startComponent(handler);
  return {
    server,
    component,
    start: (script, order) =>
      startProcess(script, server.endpoint, { componentUrl: component.url, ...order }),
    async [Symbol.asyncDispose]() {
      await component[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

const TASKS = 500;

/** Ended by itself, with nothing to complain of: no warning, no unhandled rejection. */
const peacefully = { code: 0, signal: null, stderr: '' };

/** What the service said at its end. */
function summaryOf(service: Process): unknown {
  return JSON.parse(service.said().at(-1) ?? '');
}

const statesOf = (service: Process) => service.said().filter((line) => !line.startsWith('{'));

describe.concurrent('a process', () => {
  // One after the other: each is 300 connections to this process.
  it.each([
    ['one poller', 100, {}],
    ['20 pollers', 5, {}],
    ['one poller, long before its grace is over', 100, { graceMs: 600_000 }],
  ])(
    'S1, S3: ends by itself at SIGTERM, with 100 slots at work and heartbeats, all tasks reported: %s',
    { concurrent: false },
    async (_, concurrencyPerPoller, stop) => {
      const held: (() => void)[] = [];
      let holding = true;
      const handler: Handler = ({ body }, response) =>
        holding ? held.push(() => response.end(body)) : response.end(body);
      await using stage = await setUp(handler, { longPollMs: 200 });
      const { sfn } = stage.server;
      let succeeded = 0;
      for (let i = 0; i < TASKS; i++) void sfn.runTask('sum', i).then(() => (succeeded += 1));
      const config = { maxConcurrency: 100, concurrencyPerPoller, heartbeatIntervalMs: 1_000 };
      const service = stage.start('service.ts', { config, stop });
      await until(() => expect(held).toHaveLength(100));
      await until(() => expect(sfn.calls('SendTaskHeartbeat')).toBeGreaterThan(100));
      for (const answer of held.splice(0, 50)) answer();
      // 50 old ones, 50 new ones.
      await until(() => expect(held).toHaveLength(100));
      holding = false;
      for (const answer of held) answer();
      await until(() => expect(sfn.calls('SendTaskSuccess')).toBeGreaterThan(100));
      service.terminate();
      expect(await service.ended).toEqual(peacefully);
      // Not by calls: a report whose response is late is sent again.
      expect([sfn.running(), sfn.queued(), sfn.openPolls()]).toEqual([0, TASKS - succeeded, 0]);
      expect(summaryOf(service)).toMatchObject({ failed: 0, abandonedPolls: 0, lost: 0 });
      expect(statesOf(service)).toEqual(['starting', 'running', 'stopping', 'stopped']);
    },
  );

  it('S2, S3: ends by itself after its grace, though polls and components hang', async () => {
    await using stage = await setUp(hang);
    const outcome = stage.server.sfn.runTask('sum', 1);
    const config = { maxConcurrency: 3, heartbeatIntervalMs: 60_000 };
    const service = stage.start('service.ts', { config, stop: { graceMs: 200 } });
    await until(() => expect(stage.component.unanswered()).toBe(1));
    service.terminate();
    expect(await service.ended).toEqual(peacefully);
    expect(summaryOf(service)).toEqual({ succeeded: 0, failed: 1, abandonedPolls: 2, lost: 0 });
    expect(await outcome).toMatchObject({ error: 'StepFuncSource.Stopped' });
  });

  it('T9, S3: ends by itself after its grace, though an invoke never settles', async () => {
    await using stage = await setUp(hang);
    const { sfn } = stage.server;
    const outcome = sfn.runTask('sum', 1);
    const order = { neverSettles: true, stop: { graceMs: 200 } };
    const service = stage.start('service.ts', order);
    await until(() => expect(sfn.running()).toBe(1));
    service.terminate();
    expect(await service.ended).toEqual(peacefully);
    expect(summaryOf(service)).toEqual({ succeeded: 0, failed: 1, abandonedPolls: 0, lost: 0 });
    expect(await outcome).toMatchObject({ error: 'StepFuncSource.Stopped' });
  });

  it('S3: ends by itself though AWS is out of reach and polls back off', async () => {
    await using stage = await setUp(echo);
    const activityArn = stage.server.sfn.activityArn('sum');
    stage.server.sfn.fault({ kind: 'reset', times: Infinity });
    const service = stage.start('service.ts', { config: { activityArn, maxConcurrency: 5 } });
    await until(() => expect(stage.server.sfn.calls('GetActivityTask')).toBe(5));
    service.terminate();
    expect(await service.ended).toEqual(peacefully);
    expect(summaryOf(service)).toEqual({ succeeded: 0, failed: 0, abandonedPolls: 0, lost: 0 });
  });

  it('S3: ends by itself while it is starting, though AWS never answers', async () => {
    await using deaf = await startTap();
    const service = startProcess('service.ts', deaf.endpoint, { componentUrl: deaf.endpoint });
    await until(() => expect(deaf.sent().join('')).toContain('CreateActivity'));
    service.terminate();
    expect(await service.ended).toEqual(peacefully);
    expect(statesOf(service)).toEqual(['starting', 'stopping', 'stopped']);
  });

  it('dies of a start that is refused, and says why', async () => {
    await using stage = await setUp(echo);
    stage.server.sfn.fault({ kind: 'error', name: 'AccessDeniedException', status: 403 });
    const { code, stderr } = await stage.start('service.ts').ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/ActivityError: .*activity 'sum'.*AccessDeniedException/);
  });

  it('S3: ends by itself after a block with `await using`', async () => {
    await using stage = await setUp(echo, { longPollMs: 200 });
    const outcome = stage.server.sfn.runTask('sum', 1);
    const block = stage.start('disposed.ts');
    expect(await block.ended).toEqual(peacefully);
    expect(block.said()).toEqual(['starting', 'running', 'stopping', 'stopped']);
    expect(await outcome).toEqual({ status: 'SUCCEEDED', output: '1' });
    expect(stage.server.sfn.openPolls()).toBe(0);
  });

  it('S3: is not held by the idle connection of an httpInvoke that is never closed', async () => {
    await using stage = await setUp(echo);
    const process = stage.start('one-request.ts');
    expect(await process.ended).toEqual(peacefully);
    expect(process.said()).toEqual(['200']);
  });
});
