import { describe, expect, it, vi } from 'vitest';
import type { Fault } from '../../lib/testing/index.js';
import type { Order } from '../support/faults-support.js';
import {
  aws,
  everySlotRuns,
  pass,
  roundTrip,
  sourceUnderFaults,
} from '../support/faults-support.js';
import type { Trouble } from '../support/integration/troubles.js';
import { useFakeTimers } from '../support/fake-timers.js';

useFakeTimers();

const POLLERS = 10;
const SLOTS = 5 * POLLERS;
const fields = { maxConcurrency: SLOTS, concurrencyPerPoller: 5 };
const OUTAGE_MS = 600_000;
/** Tasks at work as it begins; they take from one minute to five. */
const TASKS = 20;
const LONGEST_REST_MS = 30_000;
const LONGEST_POLL_MS = 70_000;

const outages: [string, Trouble[]][] = [
  ['in which connections are reset', [{ kind: 'reset' }]],
  ['in which nothing is answered', [{ kind: 'hang' }]],
  ['in which everything is throttled', [{ kind: 'throttling' }]],
  ['of the front', [{ kind: 'serverError', status: 503 }, { kind: 'html502' }]],
  ['of the credentials', [aws('ExpiredTokenException')]],
  ['of many kinds', [{ kind: 'empty500' }, { kind: 'hang' }, { kind: 'reset' }]],
];

describe.each(outages)('an outage of ten minutes %s', (_, troubles) => {
  it('P1, T6: is survived: no hot loop, no task lost, and all is as before soon after', async () => {
    const { sfn, source, emitted } = sourceUnderFaults({ ...fields, invokeTimeoutMs: 600_000 });
    await source.start();
    const orders = Array.from({ length: TASKS }, (_, i): Order => {
      return { does: i % 2 === 0 ? 'succeed' : 'fail', takesMs: 60_000 + i * 12_000 };
    });
    const outcomes = orders.map((order) => sfn.runTask('sum', order));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sfn.running()).toBe(TASKS);

    sfn.fault({ ...roundTrip, times: Infinity });
    // Each call meets another trouble than the call before.
    let turn = 0;
    const ends = troubles.map((trouble, i) => {
      const when = () => i === troubles.length - 1 || turn++ % troubles.length === i;
      return sfn.fault({ ...trouble, times: Infinity, when });
    });
    const before = { polls: sfn.calls('GetActivityTask'), all: sfn.calls() };
    await vi.advanceTimersByTimeAsync(OUTAGE_MS);
    const polls = sfn.calls('GetActivityTask') - before.polls;
    const reports = sfn.calls() - before.all - polls;
    // Rests of 1, 2, 4, 8, 16, then 15 to 30 seconds: at least a poll in 30 s, or 100 s if it hangs.
    expect(polls).toBeGreaterThanOrEqual(
      (POLLERS * OUTAGE_MS) / (LONGEST_REST_MS + LONGEST_POLL_MS) - POLLERS,
    );
    expect(polls).toBeLessThanOrEqual(POLLERS * (5 + OUTAGE_MS / 15_000) + SLOTS);
    // Rests of 0.25 s doubled up to 7.5 to 15 s.
    expect(reports).toBeGreaterThanOrEqual(TASKS);
    expect(reports).toBeLessThanOrEqual(TASKS * (6 + OUTAGE_MS / 7_500));
    expect(emitted.filter((line) => line.startsWith('task'))).toEqual([]);
    expect(source.status()).toMatchObject({ state: 'running', received: TASKS, lost: 0 });
    const { ok, problems } = source.health();
    expect(ok).toBe(false);
    expect(problems.map(({ code: problem }) => problem)).toEqual(['pollsFailing', 'reportsStuck']);

    for (const end of ends) end();
    await vi.advanceTimersByTimeAsync(LONGEST_REST_MS + LONGEST_POLL_MS);
    expect(sfn.openPolls()).toBeGreaterThanOrEqual(POLLERS);
    for (const { openPolls, tasks } of source.status().pollers) {
      expect(openPolls).toBeGreaterThanOrEqual(1);
      expect(tasks).toBe(0);
    }
    // That a poll is well is known once it has come back.
    await vi.advanceTimersByTimeAsync(60_000);
    expect(source.health()).toEqual({ ok: true, problems: [] });
    const ended = (await pass(Promise.all(outcomes))).map(({ status }) => status);
    expect(ended).toEqual(orders.map(({ does }) => (does === 'fail' ? 'FAILED' : 'SUCCEEDED')));
    expect(source.status()).toMatchObject({ succeeded: TASKS / 2, failed: TASKS / 2, lost: 0 });
    await everySlotRuns(source, sfn);
  });

  it('S1, S2: does not keep a stop with a grace from its end', async () => {
    const { sfn, source } = sourceUnderFaults(fields);
    await source.start();
    const outcome = sfn.runTask('sum', { does: 'succeed' }, { timeoutSeconds: 600 });
    const [trouble] = troubles;
    sfn.fault({ ...roundTrip, times: Infinity });
    const end = sfn.fault({ ...trouble, times: Infinity } as Fault);
    await vi.advanceTimersByTimeAsync(60_000);
    const stopping = source.stop({ graceMs: 10_000 });
    await vi.advanceTimersByTimeAsync(15_000);
    expect(source.state).toBe('stopped');
    expect(await stopping).toMatchObject({ succeeded: 0, failed: 0, lost: 1 });
    end();
    await pass(outcome);
  });
});
