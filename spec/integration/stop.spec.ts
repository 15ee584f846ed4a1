import fc from 'fast-check';
import type { StepFuncSource } from 'stepfunc-source';
import { createStepFuncSource } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import type { FakeSfnServer } from 'stepfunc-source/testing';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pointSdkAt } from '../support/integration/aws-environment.js';
import type { Component } from '../support/integration/component.js';
import { startComponent } from '../support/integration/component.js';
import { until } from '../support/integration/until.js';

// On a machine with much else to do.
vi.setConfig({ testTimeout: 120_000 });

const TASKS = 200;
/** Tasks that come while the source is stopping already. */
const LATE = 30;

let server: FakeSfnServer;
let component: Component;
beforeAll(async () => {
  server = await startFakeSfnServer({ longPollMs: 200 });
  // Answers with what came, some 0 to 20 ms later.
  component = await startComponent(({ body }, response) => {
    setTimeout(() => response.end(body), (Number(body) * 7) % 20);
  });
  pointSdkAt(server.endpoint);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await component[Symbol.asyncDispose]();
  await server.close();
});

interface Slots {
  maxConcurrency: number;
  concurrencyPerPoller: number;
}

function sourceOf(activityName: string, slots: Slots): StepFuncSource {
  return createStepFuncSource({ activityName, path: '/', ...slots }, httpInvoke(component.url));
}

/** Resolves at the moment that the source has received so many tasks. */
function receivedBy(source: StepFuncSource, count: number): Promise<void> {
  return new Promise((resolve) => {
    if (count === 0) resolve();
    source.on('taskReceived', () => {
      if (source.status().received === count) resolve();
    });
  });
}

let rounds = 0;

async function stopUnderFire(slots: Slots, moment: number, faults: number): Promise<void> {
  rounds += 1;
  const activityName = `fire-${rounds}`;
  const { sfn } = server;
  const run = (input: number) => sfn.runTask(activityName, input);
  const input = (i: number) => rounds * 1_000 + i;
  const before = component.requests.length;
  const flood = Array.from({ length: TASKS }, (_, i) => run(input(i)));

  const source = sourceOf(activityName, slots);
  const moments = receivedBy(source, moment);
  const started = source.start();
  await (moment === 0 ? started : moments);
  const operation = ['SendTaskSuccess', 'SendTaskFailure'] as const;
  if (faults > 0) sfn.fault({ kind: 'serverError', operation, times: faults });
  const stopped = source.stop();
  const late = Array.from({ length: LATE }, (_, i) => run(input(TASKS + i)));
  const summary = await stopped;

  expect(sfn.running(activityName)).toBe(0);
  expect(sfn.openPolls(activityName)).toBe(0);
  expect(summary).toMatchObject({ failed: 0, abandonedPolls: 0, lost: 0 });
  const { received, succeeded } = source.status();
  expect(received).toBeGreaterThanOrEqual(moment);
  expect(succeeded).toBe(received);
  expect(sfn.queued(activityName)).toBe(TASKS + LATE - received);

  const next = sourceOf(activityName, { maxConcurrency: 40, concurrencyPerPoller: 40 });
  await next.start();
  const inputs = Array.from({ length: TASKS + LATE }, (_, i) => String(input(i)));
  expect(await Promise.all([...flood, ...late])).toEqual(
    inputs.map((output) => ({ status: 'SUCCEEDED', output })),
  );
  await next.stop();
  expect(next.status()).toMatchObject({ lost: 0, received: TASKS + LATE - received });
  const bodies = component.requests.slice(before).map(({ body }) => body);
  expect(bodies.sort()).toEqual(inputs.sort());
}

describe('a stop under fire', () => {
  it('S1: loses nothing: what was handed out is reported, once, and what waits is left to wait', async () => {
    const slots = fc.record({
      maxConcurrency: fc.integer({ min: 1, max: 200 }),
      concurrencyPerPoller: fc.integer({ min: 1, max: 200 }),
    });
    const moment = fc.integer({ min: 0, max: 150 });
    const faults = fc.integer({ min: 0, max: 6 });
    await fc.assert(fc.asyncProperty(slots, moment, faults, stopUnderFire), {
      numRuns: 5,
      // A failure is shown with its seed; to look for a smaller one would outlast the test.
      endOnFailure: true,
    });
  });

  it('S1: whoever stops meanwhile gets the same summary', async () => {
    const source = sourceOf('twice', { maxConcurrency: 5, concurrencyPerPoller: 5 });
    const outcomes = Array.from({ length: 20 }, (_, i) => server.sfn.runTask('twice', i));
    await source.start();
    await until(() => expect(source.status().received).toBeGreaterThanOrEqual(5));
    const summaries = await Promise.all([source.stop(), source.stop(), source.stop()]);
    expect(new Set(summaries.map((summary) => JSON.stringify(summary))).size).toBe(1);
    await source.start();
    expect(await Promise.all(outcomes)).toHaveLength(20);
    await source.stop();
    expect(source.status()).toMatchObject({ received: 20, succeeded: 20, lost: 0 });
  });
});
