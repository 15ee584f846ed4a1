import { CreateActivityCommand, SFNClient } from '@aws-sdk/client-sfn';
import { UndiciHttpHandler } from '@smithy/undici-http-handler';
import { createStepFuncSource } from 'stepfunc-source';
import type { Logger, StepFuncSource } from 'stepfunc-source';
import type { FakeSfnServer } from 'stepfunc-source/testing';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pointSdkAt } from '../support/integration/aws-environment.js';
import type { Tap } from '../support/integration/tap.js';
import { startTap } from '../support/integration/tap.js';
import { until } from '../support/integration/until.js';

/** Options of the SDK's own handler. Its agent has 50 sockets by default. */
const roomy = { httpAgent: { maxSockets: 60 }, httpsAgent: { maxSockets: 60 } };

let server: FakeSfnServer;
let tap: Tap;
beforeEach(async () => {
  server = await startFakeSfnServer({ longPollMs: 100, region: 'eu-north-1' });
  tap = await startTap(server.port);
  pointSdkAt(tap.endpoint, 'eu-north-1');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await tap[Symbol.asyncDispose]();
  await server.close();
});

function sourceOf(
  slots: { maxConcurrency?: number; concurrencyPerPoller?: number },
  options?: Parameters<typeof createStepFuncSource>[2],
): StepFuncSource {
  const config = { activityName: 'sum', path: '/', ...slots };
  return createStepFuncSource(config, async ({ body }) => new Response(body), options);
}

async function runTasks(count: number): Promise<void> {
  const inputs = Array.from({ length: count }, (_, i) => i);
  const outcomes = await Promise.all(inputs.map((input) => server.sfn.runTask('sum', input)));
  const succeeded = inputs.map((input) => ({ status: 'SUCCEEDED', output: String(input) }));
  expect(outcomes).toEqual(succeeded);
}

function warnings() {
  const warned: [object, string][] = [];
  const silent = () => undefined;
  const warn = (fields: object, message: string) => void warned.push([fields, message]);
  return { warned, logger: { debug: silent, info: silent, warn, error: silent } satisfies Logger };
}

describe("the source's own clients", () => {
  it('heed AWS_ENDPOINT_URL_SFN, AWS_REGION and the credentials, as the SDK does', async () => {
    await using source = sourceOf({});
    await source.start();
    await runTasks(1);
    await source.stop();
    const requests = tap
      .sent()
      .join('')
      .split(/(?=POST \/ HTTP\/1\.1)/);
    for (const call of ['CreateActivity', 'GetActivityTask', 'SendTaskSuccess']) {
      const request = requests.find((r) => r.includes(`AWSStepFunctions.${call}\r\n`));
      expect(request).toMatch(/Credential=test\/\d{8}\/eu-north-1\/states\/aws4_request/);
    }
  });

  it('open a socket for every poll and every report', async () => {
    await using held = await startFakeSfnServer({ longPollMs: 60_000 });
    await using heldTap = await startTap(held.port);
    pointSdkAt(heldTap.endpoint);
    const source = sourceOf({ maxConcurrency: 80 });
    await source.start();
    await until(() => expect(held.sfn.openPolls()).toBe(80));
    const outcome = await held.sfn.runTask('sum', 1);
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: '1' });
    expect(heldTap.open()).toBeGreaterThanOrEqual(80);
    await source.stop({ graceMs: 0 });
    await until(() => expect(heldTap.open()).toBe(0));
  });

  it('S3: leave no connection behind at stop', async () => {
    const source = sourceOf({ maxConcurrency: 40, concurrencyPerPoller: 10 });
    await source.start();
    await runTasks(200);
    await source.stop();
    await until(() => expect(tap.open()).toBe(0));
    const { length } = tap.sent();
    await source.start();
    await runTasks(1);
    expect(tap.sent().length).toBeGreaterThan(length);
    await source.stop({ graceMs: 0 });
    await until(() => expect(tap.open()).toBe(0));
  });
});

describe('an injected client', () => {
  it.each([
    ['on undici', { requestHandler: new UndiciHttpHandler({ dispatcher: {} }) }],
    ['on node:http', {}],
  ])('%s is not destroyed, and of use after the stop', async (_, handler) => {
    const client = new SFNClient({ maxAttempts: 1, ...handler });
    const destroy = vi.spyOn(client, 'destroy');
    const source = sourceOf({ maxConcurrency: 2 }, { client });
    await source.start();
    await runTasks(10);
    await source.stop();
    expect(destroy).not.toHaveBeenCalled();
    expect(tap.open()).toBeGreaterThan(0);
    const soFar = tap.soFar();
    await client.send(new CreateActivityCommand({ name: 'sum' }));
    expect(tap.soFar()).toBe(soFar);
    client.destroy();
    await until(() => expect(tap.open()).toBe(0));
  });

  it('with 50 sockets for 60 tasks at a time is warned of, once, with the numbers', async () => {
    const client = new SFNClient({});
    const { warned, logger } = warnings();
    const source = sourceOf({ maxConcurrency: 60, concurrencyPerPoller: 20 }, { client, logger });
    await source.start();
    await runTasks(100);
    await source.stop();
    expect(warned).toHaveLength(1);
    const [fields, message] = warned[0] ?? [];
    expect(fields).toEqual({ activityName: 'sum', maxSockets: 50, needed: 60 });
    expect(message).toMatch(/at most 50 sockets.* up to 60 polls and reports .*at least 60/);
    client.destroy();
  });

  it('that polls is the one that is warned of, if there are two', async () => {
    const report = new SFNClient({ requestHandler: roomy });
    const client = { poll: new SFNClient({}), report };
    const { warned, logger } = warnings();
    const source = sourceOf({ maxConcurrency: 51, concurrencyPerPoller: 51 }, { client, logger });
    await source.start();
    await runTasks(1);
    await source.stop();
    expect(warned.map(([fields]) => fields)).toMatchObject([{ maxSockets: 50, needed: 51 }]);
    client.poll.destroy();
    report.destroy();
  });

  it.each([
    ['50 sockets for 50 tasks', 50, () => new SFNClient({})],
    [
      'sockets without limit',
      500,
      () => new SFNClient({ requestHandler: new UndiciHttpHandler({}) }),
    ],
    ['sockets to spare', 60, () => new SFNClient({ requestHandler: roomy })],
  ])('with %s is not warned of', async (_, maxConcurrency, newClient) => {
    const client = newClient();
    const { warned, logger } = warnings();
    const source = sourceOf({ maxConcurrency, concurrencyPerPoller: 500 }, { client, logger });
    await source.start();
    await runTasks(1);
    await source.stop();
    expect(warned).toEqual([]);
    client.destroy();
  });
});
