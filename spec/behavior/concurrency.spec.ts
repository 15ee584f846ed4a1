import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { createStepFuncSource } from '../../lib/index.js';
import type { Fault } from '../../lib/testing/index.js';
import { FakeSfn } from '../../lib/testing/index.js';
import { answer, config } from '../support/source-on-fake.js';
import { useFakeTimers } from '../support/fake-timers.js';

useFakeTimers();

/** Trouble of every kind that passes, and the answers that a component may give. */
const fault = fc.record({
  kind: fc.constantFrom('throttling', 'serverError', 'html502', 'empty500', 'reset', 'lostAnswer'),
  operation: fc.constantFrom('GetActivityTask', 'SendTaskSuccess', 'SendTaskFailure'),
  times: fc.integer({ min: 1, max: 5 }),
}) as fc.Arbitrary<Fault>;
const task = fc.record({
  /** When it is scheduled, and how long the component takes; some take longer than they may. */
  atMs: fc.integer({ min: 0, max: 20_000 }),
  takesMs: fc.constantFrom(0, 1, 10, 500, 3_000, 12_000),
  does: fc.constantFrom('succeed', 'fail', 'throw', 'nonsense'),
});

/** Lets time pass until a promise is settled; half an hour is more than any of these may take. */
async function passUntil(promise: Promise<unknown>): Promise<void> {
  const settled = vi.fn();
  void promise.then(settled);
  for (let s = 0; s < 1_800 && settled.mock.calls.length === 0; s += 1) {
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(settled).toHaveBeenCalled();
}

it('C2: open polls and tasks never exceed the slots, under random task times and faults, and every task ends', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      fc.array(task, { minLength: 1, maxLength: 60 }),
      fc.array(fault, { maxLength: 6 }),
      fc.integer({ min: 1, max: 300 }),
      async (maxConcurrency, concurrencyPerPoller, tasks, faults, latencyMs) => {
        const sfn = new FakeSfn({ longPollMs: 20_000 });
        for (const each of faults) sfn.fault(each);
        sfn.fault({ kind: 'latency', ms: latencyMs, times: Infinity });
        const broken: unknown[] = [];
        let highest = 0;
        const source = createStepFuncSource(
          { ...config, maxConcurrency, concurrencyPerPoller, invokeTimeoutMs: 10_000 },
          async ({ body }) => {
            check();
            const { takesMs, does } = JSON.parse(body) as { takesMs: number; does: string };
            await new Promise((resolve) => setTimeout(resolve, takesMs));
            if (does === 'throw') throw new Error('on purpose');
            return answer(does === 'nonsense' ? '{' : '{}', does === 'fail' ? 500 : 200);
          },
          {
            client: {
              async send(command, options) {
                check();
                const answered = await sfn.send(command, options);
                check();
                return answered;
              },
            },
          },
        );

        // Noted, not thrown: the source would take it for trouble of the client's.
        function check(): void {
          for (const poller of source.status().pollers) {
            const { concurrency, openPolls, tasks: taken } = poller;
            if (openPolls < 0 || taken < 0 || openPolls + taken > concurrency) broken.push(poller);
          }
          highest = Math.max(highest, sfn.openPolls() + sfn.running());
        }

        // Reports of tasks whose answers were lost, and tasks of lost polls, are closed by AWS.
        const outcomes = tasks.map(async ({ atMs, takesMs, does }) => {
          await new Promise((resolve) => setTimeout(resolve, atMs));
          return sfn.runTask('sum', { takesMs, does }, { timeoutSeconds: 120 });
        });
        const started = source.start();
        await passUntil(Promise.all(outcomes));
        await started;
        expect(broken).toEqual([]);
        const lostPolls = faults.filter(
          ({ kind, operation }) => kind === 'lostAnswer' && operation === 'GetActivityTask',
        );
        const mayHang = lostPolls.reduce((sum, { times = 1 }) => sum + times, 0);
        expect(highest).toBeLessThanOrEqual(maxConcurrency + mayHang);

        await passUntil(source.stop());
        const { received, succeeded, failed, lost } = source.status();
        expect(succeeded + failed + lost).toBe(received);
        expect(received).toBeGreaterThanOrEqual(tasks.length - mayHang);
      },
    ),
    { numRuns: 60 },
  );
});
