import { CreateActivityCommand, GetActivityTaskCommand } from '@aws-sdk/client-sfn';
import { createStepFuncSource } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createLedger } from '../support/faults-ledger.js';
import { createChance } from '../support/faults-seeded.js';
import type { Order } from '../support/faults-support.js';
import { createWeather } from '../support/faults-weather.js';
import { pointSdkAt } from '../support/integration/aws-environment.js';
import type { Handler } from '../support/integration/component.js';
import { startComponent } from '../support/integration/component.js';
import { until } from '../support/integration/until.js';

const TASKS = 300;
const SLOTS = 40;
const INVOKE_TIMEOUT_MS = 3_000;
const MOST_OPEN_TASKS = 60;

/** Does what its order says; `gather` answers once there are as many together as there are slots. */
function createHandler(): Handler {
  const gathered: (() => void)[] = [];
  return ({ body }, response) => {
    const { does, takesMs = 0 } = JSON.parse(body) as Order;
    const answers: Record<Order['does'], () => unknown> = {
      succeed: () => response.end(body),
      fail: () => response.writeHead(422, { 'step-func-error': 'Ordered' }).end(),
      throw: () => response.destroy(),
      nonsense: () => response.end('{'),
      never: () => undefined,
      gather() {
        gathered.push(() => void response.end(body));
        if (gathered.length === SLOTS) for (const release of gathered) release();
      },
    };
    setTimeout(answers[does], takesMs);
  };
}

it(`T6, T7, P1: of ${TASKS} tasks over sockets, under faults at random, each is reported once or emitted as lost`, async () => {
  const chance = createChance();
  const { random, oneOf } = chance;
  await using server = await startFakeSfnServer({ longPollMs: 1_000 });
  await using component = await startComponent(createHandler());
  pointSdkAt(server.endpoint);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { sfn } = server;
  const invoke = httpInvoke(component.url);
  const ledger = createLedger();
  const source = createStepFuncSource(
    {
      activityName: 'sum',
      path: '/',
      maxConcurrency: SLOTS,
      concurrencyPerPoller: 4,
      invokeTimeoutMs: INVOKE_TIMEOUT_MS,
      heartbeatIntervalMs: 200,
    },
    ledger.watch(invoke),
  );
  ledger.listen(source);
  await source.start();
  const weather = createWeather(sfn, random, ['SendTaskHeartbeat']);

  async function runOne(number: number): Promise<void> {
    const order: Order = {
      does: random() < 0.02 ? 'never' : oneOf('succeed', 'succeed', 'fail', 'throw', 'nonsense'),
      takesMs: random() < 0.02 ? 5_000 : oneOf(0, 0, 10, 100, 500),
    };
    ledger.scheduled(number, order);
    // Of what is lost, Step Functions itself makes an end.
    const options = { timeoutSeconds: 4, heartbeatSeconds: oneOf(undefined, undefined, 1) };
    ledger.ended(number, await sfn.runTask('sum', { ...order, number }, options));
  }

  function expectIdle(): void {
    for (const { openPolls, tasks } of source.status().pollers) {
      expect(tasks).toBe(0);
      expect(openPolls).toBeGreaterThan(0);
    }
  }

  let next = 0;
  const runSome = async () => {
    while (next < TASKS) {
      if (next % 40 === 0) weather.set(oneOf(0.5, 1, 2));
      await runOne(next++);
    }
  };

  await Promise.all(Array.from({ length: MOST_OPEN_TASKS }, runSome));
  weather.clear();

  // A report that is emitted comes after Step Functions' own end of the task, where it was late.
  await until(() => expect(ledger.unemitted()).toBe(0));
  await until(expectIdle);

  expect(ledger.wrong).toEqual([]);
  const vanished = ledger.unseen().length;
  expect(vanished).toBeLessThanOrEqual(weather.pollsLost());

  // Polls that are held have their fate already; one of our own is held for longer than they are.
  await sfn.send(new CreateActivityCommand({ name: 'other' }));
  await sfn.send(new GetActivityTaskCommand({ activityArn: sfn.activityArn('other') }));
  // A poll that failed by its fate was followed by a back-off.
  await until(expectIdle);
  const order = { does: 'gather' };
  const together = Array.from({ length: SLOTS }, () => sfn.runTask('sum', order));
  for (const outcome of await Promise.all(together))
    expect(outcome).toMatchObject({ status: 'SUCCEEDED' });
  await source.stop();
  const { received, succeeded, failed, lost, pollsFailed } = source.status();
  expect(received).toBe(TASKS - vanished + SLOTS);
  expect(succeeded + failed + lost).toBe(received);
  expect(pollsFailed).toBeGreaterThan(0);
  expect(sfn.calls()).toBeLessThan(8 * TASKS);
  await until(() => expect(component.unanswered()).toBe(0));
}, 60_000);
