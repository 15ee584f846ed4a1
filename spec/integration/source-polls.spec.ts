import type { StepFuncSourceEvents } from 'stepfunc-source';
import { createStepFuncSource } from 'stepfunc-source';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { describe, expect, it } from 'vitest';
import { pointSdkAt } from '../support/integration/aws-environment.js';
import { startTap } from '../support/integration/tap.js';
import type { Trouble } from '../support/integration/troubles.js';
import { passingTroubles } from '../support/integration/troubles.js';
import { until } from '../support/integration/until.js';
import { useServedFake } from '../support/integration/served-fake.js';

// One server for all, an activity a test: the seconds of back-off pass for all at once.

const server = useServedFake();

function sourceOf(activityName: string, slots: { maxConcurrency?: number } = {}) {
  const config = { activityName, path: '/', concurrencyPerPoller: 3, ...slots };
  const source = createStepFuncSource(config, async ({ body }) => new Response(body));
  const pollsFailed: StepFuncSourceEvents['pollFailed'][] = [];
  source.on('pollFailed', (event) => pollsFailed.push(event));
  return { source, pollsFailed };
}

/** Befalls only the polls of one activity. */
function faultPolls(activityName: string, trouble: Trouble, times = 1): () => void {
  const arn = server.sfn.activityArn(activityName);
  return server.sfn.fault({
    ...trouble,
    operation: 'GetActivityTask',
    times,
    when: ({ activityArn }) => activityArn === arn,
  });
}

const succeeded = (output: string) => ({ status: 'SUCCEEDED', output });

const limit = 'ActivityWorkerLimitExceeded';
const troubles: typeof passingTroubles = [
  ...passingTroubles,
  ['too many polls', { kind: 'error', name: limit }, limit],
  ['a lost answer', { kind: 'lostAnswer' }, 'ECONNRESET'],
];

describe.concurrent('a poll that fails', () => {
  it.each(troubles)('P1: by %s is emitted, and polling goes on', async (what, trouble, error) => {
    const activityName = `by-${what.replaceAll(' ', '-')}`;
    faultPolls(activityName, trouble);
    const { source, pollsFailed } = sourceOf(activityName);
    await source.start();
    await until(() => expect(pollsFailed).toHaveLength(1));
    expect(pollsFailed).toMatchObject([{ activityName, poller: 0, error }]);
    expect(pollsFailed[0]?.retryInMs).toBeGreaterThanOrEqual(1_000);
    const outcomes = [1, 2, 3].map((input) => server.sfn.runTask(activityName, input));
    expect(await Promise.all(outcomes)).toEqual(['1', '2', '3'].map(succeeded));
    await source.stop();
    expect(source.status()).toMatchObject({ received: 3, succeeded: 3, lost: 0, pollsFailed: 1 });
  });

  it('P1: again and again backs off for longer each time', async () => {
    faultPolls('again', { kind: 'throttling' }, 2);
    const { source, pollsFailed } = sourceOf('again');
    await source.start();
    expect(await server.sfn.runTask('again', 1)).toEqual(succeeded('1'));
    const [first, second, ...more] = pollsFailed.map(({ retryInMs }) => retryInMs);
    expect(first).toBeLessThanOrEqual(2_000);
    expect(second).toBeGreaterThanOrEqual(2_000);
    expect(more).toEqual([]);
    await source.stop();
  });

  it('P1: by a lost answer with a task in it costs that task alone', async () => {
    faultPolls('lost', { kind: 'lostAnswer' });
    const { source } = sourceOf('lost');
    const outcomes = ['1', '2'].map((input) =>
      server.sfn.runTask('lost', input, { timeoutSeconds: 2 }),
    );
    await source.start();
    expect(await Promise.all(outcomes)).toEqual([
      { status: 'TIMED_OUT', error: 'States.Timeout' },
      succeeded('2'),
    ]);
    await source.stop();
    // A client that tried again by itself would have emitted nothing.
    expect(source.status()).toMatchObject({ received: 1, succeeded: 1, pollsFailed: 1 });
  });

  it('P2: by an activity that was deleted has it created anew', async () => {
    const { source, pollsFailed } = sourceOf('gone');
    await source.start();
    await until(() => expect(server.sfn.openPolls('gone')).toBe(1));
    server.sfn.deleteActivity('gone');
    await until(() => expect(pollsFailed).toMatchObject([{ error: 'ActivityDoesNotExist' }]));
    await until(() => expect(server.sfn.openPolls('gone')).toBe(1));
    expect(await server.sfn.runTask('gone', 1)).toEqual(succeeded('1'));
    await source.stop();
  });

  it('S1: does not keep a stop waiting for its back-off', async () => {
    const end = faultPolls('stopped', { kind: 'reset' }, Infinity);
    const { source, pollsFailed } = sourceOf('stopped');
    await source.start();
    await until(() => expect(pollsFailed).toHaveLength(2));
    const { retryInMs = 0 } = pollsFailed[1] ?? {};
    const stoppedAt = performance.now();
    await source.stop();
    expect(performance.now() - stoppedAt).toBeLessThan(retryInMs);
    end();
  });
});

describe('polls that fail at a time', () => {
  it('P1: are one failure of their poller, and one back-off', async () => {
    await using held = await startFakeSfnServer({
      longPollMs: 60_000,
      loseTasksOfAbortedPolls: false,
    });
    await using tap = await startTap(held.port);
    pointSdkAt(tap.endpoint);
    const { source, pollsFailed } = sourceOf('together', { maxConcurrency: 3 });
    await source.start();
    await Promise.all([1, 2, 3, 4].map((input) => held.sfn.runTask('together', input)));
    await until(() => expect(held.sfn.openPolls()).toBe(3));
    tap.cut();
    await until(() => expect(pollsFailed).toHaveLength(3));
    expect(new Set(pollsFailed.map(({ retryInMs }) => retryInMs)).size).toBe(1);
    expect(pollsFailed[0]?.retryInMs).toBeLessThanOrEqual(2_000);
    await until(() => expect(held.sfn.openPolls()).toBe(0));
    expect(await held.sfn.runTask('together', 5)).toEqual(succeeded('5'));
    await source.stop({ graceMs: 0 });
  });
});
