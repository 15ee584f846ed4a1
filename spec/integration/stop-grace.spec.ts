import type { StepFuncSource, StepFuncSourceEvents } from 'stepfunc-source';
import { createStepFuncSource } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import type { FakeSfnServer } from 'stepfunc-source/testing';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pointSdkAt } from '../support/integration/aws-environment.js';
import type { Component } from '../support/integration/component.js';
import { startComponent } from '../support/integration/component.js';
import { until } from '../support/integration/until.js';

// Polls are held for ten minutes: a stop that waited for one would outlast the test.

let server: FakeSfnServer;
let component: Component;
const late: { body: string; answer: () => void }[] = [];

/** Waits until so many requests with this body have come; returns what answers them. */
async function lateOnes(body: string, count: number): Promise<() => void> {
  const these = () => late.filter((request) => request.body === body);
  await until(() => expect(these()).toHaveLength(count));
  return () => {
    for (const { answer } of these()) answer();
  };
}

beforeAll(async () => {
  server = await startFakeSfnServer({ longPollMs: 600_000 });
  // Answers with what came, to "late…" once it is released, to "hang" never.
  component = await startComponent(({ body }, response) => {
    if (body.startsWith('"late')) late.push({ body, answer: () => response.end(body) });
    else if (body !== '"hang"') response.end(body);
  });
  pointSdkAt(server.endpoint);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await component[Symbol.asyncDispose]();
  await server.close();
});

function sourceOf(activityName: string, maxConcurrency: number, perPoller = 1) {
  const slots = { maxConcurrency, concurrencyPerPoller: perPoller };
  const invoke = httpInvoke(component.url);
  const reasons: unknown[] = [];
  const lost: StepFuncSourceEvents['taskLost'][] = [];
  const source = createStepFuncSource({ activityName, path: '/', ...slots }, (request, signal) => {
    signal.addEventListener('abort', () => reasons.push(signal.reason));
    return invoke(request, signal);
  });
  source.on('taskLost', (event) => lost.push(event));
  return { source, reasons, lost };
}

const hangOn = (activityName: string, count: number) =>
  Array.from({ length: count }, () => server.sfn.runTask(activityName, '"hang"'));

/** What a Retry picks up elsewhere. */
const stopped = {
  status: 'FAILED',
  error: 'StepFuncSource.Stopped',
  cause: expect.stringContaining('100 ms of grace') as string,
};

async function received(source: StepFuncSource, count: number): Promise<void> {
  await until(() => expect(source.status().received).toBe(count));
}

describe.concurrent('a stop whose grace is over', () => {
  it('S2: aborts what hangs, reports it as Stopped, and counts it', async () => {
    const { source, reasons } = sourceOf('hanging', 3);
    const outcomes = hangOn('hanging', 3);
    await source.start();
    await received(source, 3);
    const summary = await source.stop({ graceMs: 100 });
    expect(summary).toEqual({ succeeded: 0, failed: 3, abandonedPolls: 0, lost: 0 });
    expect(await Promise.all(outcomes)).toEqual([stopped, stopped, stopped]);
    const reason = { name: 'AbortError', code: 'stopped' };
    expect(reasons).toMatchObject([reason, reason, reason]);
  });

  it('S2: finishes what ends in time', async () => {
    const { source } = sourceOf('in-time', 4);
    const hanging = hangOn('in-time', 1);
    await source.start();
    await received(source, 1);
    const inTime = ['"late"', '"late"'].map((input) => server.sfn.runTask('in-time', input));
    const answer = await lateOnes('"late"', 2);
    const stopped = source.stop({ graceMs: 3_000 });
    answer();
    expect(await stopped).toEqual({ succeeded: 2, failed: 1, abandonedPolls: 1, lost: 0 });
    expect(await Promise.all(inTime)).toMatchObject([{ output: '"late"' }, { output: '"late"' }]);
    expect(await Promise.all(hanging)).toMatchObject([{ error: 'StepFuncSource.Stopped' }]);
  });

  it('S2: aborts open polls, and counts them: each may have cost a task', async () => {
    const { source } = sourceOf('polling', 5);
    await source.start();
    await until(() => expect(server.sfn.openPolls('polling')).toBe(5));
    const summary = await source.stop({ graceMs: 100 });
    expect(summary).toEqual({ succeeded: 0, failed: 0, abandonedPolls: 5, lost: 0 });
    await until(() => expect(server.sfn.openPolls('polling')).toBe(0));
    expect(source.status()).toMatchObject({ state: 'stopped', pollsFailed: 0, lost: 0 });
    // What the count warns of.
    const swallowed = await server.sfn.runTask('polling', 1, { timeoutSeconds: 0.1 });
    expect(swallowed).toMatchObject({ status: 'TIMED_OUT' });
  });

  it('S2: a later stop shortens the grace, and gets the same summary', async () => {
    const { source } = sourceOf('shortened', 2);
    const outcomes = hangOn('shortened', 1);
    await source.start();
    await received(source, 1);
    const summaries = [source.stop(), source.stop({ graceMs: 600_000 })];
    expect(source.state).toBe('stopping');
    summaries.push(source.stop({ graceMs: 100 }));
    const summary = { succeeded: 0, failed: 1, abandonedPolls: 1, lost: 0 };
    expect(await Promise.all(summaries)).toEqual([summary, summary, summary]);
    expect(await Promise.all(outcomes)).toEqual([stopped]);
  });

  it('S2: run() passes its grace on', async () => {
    const { source } = sourceOf('run', 1);
    const outcomes = hangOn('run', 1);
    const aborter = new AbortController();
    const ran = source.run(aborter.signal, { graceMs: 100 });
    await received(source, 1);
    aborter.abort();
    expect(await ran).toEqual({ succeeded: 0, failed: 1, abandonedPolls: 0, lost: 0 });
    expect(await Promise.all(outcomes)).toEqual([stopped]);
  });

  it.each([
    ['fail', { kind: 'throttling', times: Infinity } as const],
    ['hang', { kind: 'hang', times: Infinity } as const],
  ])('S2: abandons reports that %s, 5 s later, and emits so', async (how, fault) => {
    const activityName = `given-up-${how}`;
    const { source, lost } = sourceOf(activityName, 2);
    const text = JSON.stringify(`reports that ${how}`);
    const operation = 'SendTaskSuccess';
    let reports = 0;
    const when = ({ output }: Readonly<Record<string, unknown>>) => {
      if (output === text) reports += 1;
      return output === text;
    };
    const end = server.sfn.fault({ ...fault, operation, when });
    void server.sfn.runTask(activityName, text);
    await source.start();
    await until(() => expect(reports).toBeGreaterThan(0));
    const stoppedAt = performance.now();
    const summary = await source.stop({ graceMs: 0 });
    expect(performance.now() - stoppedAt).toBeGreaterThanOrEqual(4_900);
    expect(summary).toEqual({ succeeded: 0, failed: 0, abandonedPolls: 1, lost: 1 });
    expect(lost).toMatchObject([{ activityName, reason: 'abandoned' }]);
    end();
  });

  it('S2: does not last until the end of its grace if all is done', async () => {
    const { source } = sourceOf('quick', 1);
    void server.sfn.runTask('quick', '"late too"');
    await source.start();
    const answer = await lateOnes('"late too"', 1);
    const stopped = source.stop({ graceMs: 600_000 });
    answer();
    expect(await stopped).toEqual({ succeeded: 1, failed: 0, abandonedPolls: 0, lost: 0 });
  });
});
