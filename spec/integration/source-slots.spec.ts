import fc from 'fast-check';
import type { StepFuncSource } from 'stepfunc-source';
import { createStepFuncSource } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import type { FakeSfnServer, FakeSfnServerOptions, TaskOutcome } from 'stepfunc-source/testing';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { pointSdkAt } from '../support/integration/aws-environment.js';
import type { Handler } from '../support/integration/component.js';
import { startComponent } from '../support/integration/component.js';
import type { Trouble } from '../support/integration/troubles.js';
import { passingTroubles } from '../support/integration/troubles.js';
import { until } from '../support/integration/until.js';

// On a machine with much else to do.
vi.setConfig({ testTimeout: 120_000 });

afterEach(() => void vi.unstubAllEnvs());

interface Slots {
  maxConcurrency: number;
  concurrencyPerPoller: number;
}

interface Scene {
  server: FakeSfnServer;
  source: StepFuncSource;
  /** Queues tasks with these inputs. */
  run(inputs: unknown[]): Promise<TaskOutcome[]>;
}

async function withSource(
  slots: Slots,
  options: FakeSfnServerOptions,
  handler: Handler,
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  await using server = await startFakeSfnServer(options);
  await using component = await startComponent(handler);
  pointSdkAt(server.endpoint);
  const config = { activityName: 'sum', path: '/', ...slots };
  const source = createStepFuncSource(config, httpInvoke(component.url));
  const run = (inputs: unknown[]) =>
    Promise.all(inputs.map((input) => server.sfn.runTask('sum', input)));
  await source.start();
  try {
    await play({ server, source, run });
  } finally {
    await source.stop({ graceMs: 0 });
  }
}

/** Calls `look` as every call of one operation arrives, and lets it pass. */
function watch(
  { sfn }: FakeSfnServer,
  operation: 'GetActivityTask' | 'SendTaskSuccess',
  look: () => void,
): void {
  const when = () => {
    look();
    return false;
  };
  sfn.fault({ kind: 'latency', ms: 0, operation, times: Infinity, when });
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const allSucceeded = (count: number) =>
  numbers(count).map((i) => ({ status: 'SUCCEEDED', output: String(i) }));
const echoSoon: Handler = ({ body }, response) => response.end(body);

describe('100 pollers of one slot', () => {
  // Polls are held for longer than the test may take: none of them makes room for a report.
  const slots = { maxConcurrency: 100, concurrencyPerPoller: 1 };
  const options = { longPollMs: 600_000 };

  it('C3, T6: never starve a report: it arrives while 99 polls are held', () =>
    withSource(slots, options, echoSoon, async ({ server, run }) => {
      await until(() => expect(server.sfn.openPolls()).toBe(100));
      const heldAtReports: number[] = [];
      watch(server, 'SendTaskSuccess', () => heldAtReports.push(server.sfn.openPolls()));
      for (let i = 0; i < 20; i++) {
        expect(await run([i])).toEqual([{ status: 'SUCCEEDED', output: String(i) }]);
        await until(() => expect(server.sfn.openPolls()).toBe(100));
      }
      expect(heldAtReports).toEqual(numbers(20).map(() => 99));
      expect(server.sfn.calls('GetActivityTask')).toBe(100 + 20);
    }));

  it('C2: take 200 tasks while polls are held, and none comes back for it', () =>
    withSource(slots, options, echoSoon, async ({ server, source, run }) => {
      expect(await run(numbers(200))).toEqual(allSucceeded(200));
      await until(() => expect(server.sfn.openPolls()).toBe(100));
      expect(server.sfn.calls('GetActivityTask')).toBe(100 + 200);
      expect(source.status()).toMatchObject({ received: 200, succeeded: 200, pollsFailed: 0 });
    }));
});

describe('a backlog', () => {
  it('C3: fills every slot of every poller, and an idle source goes back to a poll for each', async () => {
    const answers: (() => void)[] = [];
    const handler: Handler = ({ body }, response) => answers.push(() => response.end(body));
    const slots = { maxConcurrency: 50, concurrencyPerPoller: 20 };
    await withSource(slots, { longPollMs: 1_000 }, handler, async ({ server, source, run }) => {
      let widest = 0;
      source.on('taskReceived', () => {
        const [poller] = source.status().pollers;
        widest = Math.max(widest, poller?.openPolls ?? 0);
      });
      const outcomes = run(numbers(60));
      await until(() => expect(answers).toHaveLength(50));
      // As many polls as tasks already, until half of its slots are full.
      expect(widest).toBeGreaterThanOrEqual(8);
      expect([server.sfn.running(), server.sfn.queued(), server.sfn.openPolls()]).toEqual([
        50, 10, 0,
      ]);
      expect(source.status().pollers).toMatchObject([
        { concurrency: 20, openPolls: 0, tasks: 20 },
        { concurrency: 20, openPolls: 0, tasks: 20 },
        { concurrency: 10, openPolls: 0, tasks: 10 },
      ]);
      for (const answer of answers.splice(0)) answer();
      await until(() => expect(answers).toHaveLength(10));
      for (const answer of answers) answer();
      expect(await outcomes).toEqual(allSucceeded(60));
      await until(() => {
        const { pollers } = source.status();
        expect(pollers.map(({ openPolls, tasks }) => [openPolls, tasks])).toEqual([
          [1, 0],
          [1, 0],
          [1, 0],
        ]);
      });
    });
  });
});

describe('the cap', () => {
  const TASKS = 40;
  const slotsOf = fc.record({
    maxConcurrency: fc.integer({ min: 1, max: 12 }),
    concurrencyPerPoller: fc.integer({ min: 1, max: 5 }),
  });
  const delays = fc.array(fc.integer({ max: 25, min: 0 }), { minLength: TASKS, maxLength: TASKS });
  const trouble = fc.constantFrom(...passingTroubles.map(([, fault]) => fault));
  const lostAnswer = fc.constant<Trouble>({ kind: 'lostAnswer' });
  const troubles = fc.record({
    polls: fc.array(trouble, { maxLength: 1 }),
    reports: fc.array(fc.oneof(trouble, lostAnswer), { maxLength: 6 }),
  });

  it('C2: open polls and tasks never exceed it, whatever the tasks take and whatever fails', async () => {
    const property = fc.asyncProperty(slotsOf, delays, troubles, async (slots, ms, faults) => {
      const handler: Handler = ({ body }, response) => {
        setTimeout(() => response.end(body), ms[Number(body)]);
      };
      await withSource(slots, { longPollMs: 100 }, handler, async ({ server, source, run }) => {
        let busiest = 0;
        let overfull = 0;
        // A poll that arrives is not among the open ones yet.
        const look = (arriving: number) => () => {
          busiest = Math.max(busiest, server.sfn.openPolls() + server.sfn.running() + arriving);
          for (const { openPolls, tasks, concurrency } of source.status().pollers) {
            if (openPolls + tasks > concurrency) overfull += 1;
          }
        };
        watch(server, 'GetActivityTask', look(1));
        watch(server, 'SendTaskSuccess', look(0));
        for (const fault of faults.polls) {
          server.sfn.fault({ ...fault, operation: 'GetActivityTask' });
        }
        for (const fault of faults.reports) {
          server.sfn.fault({ ...fault, operation: 'SendTaskSuccess' });
        }
        expect(await run(numbers(TASKS))).toEqual(allSucceeded(TASKS));
        await until(() => {
          const { succeeded, lost } = source.status();
          expect(succeeded + lost).toBe(TASKS);
        });
        expect(busiest).toBeLessThanOrEqual(slots.maxConcurrency);
        expect(busiest).toBeGreaterThanOrEqual(1);
        expect(overfull).toBe(0);
      });
    });
    await fc.assert(property, { numRuns: 4, endOnFailure: true });
  });
});
