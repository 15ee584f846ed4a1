import { describe, expect, it } from 'vitest';
import { createShutdown } from '../../../lib/async/shutdown.js';
import type { Totals } from '../../../lib/observe/totals.js';
import { startGrace, summarize } from '../../../lib/source/stop.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

function begin(graceMs: number) {
  const clock = createVirtualClock();
  const shutdown = createShutdown();
  const cancel = startGrace(shutdown, graceMs, clock);
  const aborted = () => ({
    drain: shutdown.drain.aborted,
    polls: shutdown.abortPolls.aborted,
    invokes: shutdown.abortInvokes.aborted,
    reports: shutdown.abandonReports.aborted,
  });
  return { clock, shutdown, cancel, aborted };
}

describe('startGrace', () => {
  it('S2: aborts polls and invokes at the end of the grace, and reports 5 s later', async () => {
    const { clock, shutdown, aborted } = begin(1_000);
    await clock.pass(999);
    expect(aborted()).toEqual({ drain: false, polls: false, invokes: false, reports: false });
    await clock.pass(1);
    expect(aborted()).toEqual({ drain: true, polls: true, invokes: true, reports: false });
    expect(shutdown.abortInvokes.reason).toMatchObject({
      code: 'stopped',
      message: 'The source was stopped, and its 1000 ms of grace are over',
    });
    await clock.pass(4_999);
    expect(aborted().reports).toBe(false);
    await clock.pass(1);
    expect(aborted().reports).toBe(true);
    expect(clock.timers()).toBe(0);
  });

  it('S3: aborts nothing once it is canceled, and leaves no timer', async () => {
    const { clock, cancel, aborted } = begin(1_000);
    await cancel();
    expect(clock.timers()).toBe(0);
    await clock.pass(10_000);
    expect(Object.values(aborted())).not.toContain(true);
  });
});

describe('summarize', () => {
  it('counts what has happened since the stop began', () => {
    const before: Totals = {
      received: 9,
      succeeded: 1,
      failed: 2,
      lost: 3,
      pollsFailed: 4,
      heartbeatsFailed: 5,
    };
    const after = { ...before, succeeded: 11, failed: 22, lost: 33, pollsFailed: 44 };
    expect(summarize(before, after, 7)).toEqual({
      succeeded: 10,
      failed: 20,
      lost: 30,
      abandonedPolls: 7,
    });
  });
});
