import { describe, expect, it } from 'vitest';
import { createEvents } from '../../../lib/observe/events.js';
import { watchTasks } from '../../../lib/observe/health-tasks.js';
import { createHandClock } from '../../support/hand-clock.js';

const INVOKE_TIMEOUT_MS = 300_000;
const MINUTE = 60_000;

function setUp() {
  const events = createEvents();
  const clock = createHandClock();
  const watched = watchTasks(events, clock);
  let last = 0;
  /** Only the fields that are looked at. */
  const emit = (name: 'taskReceived' | 'reportFailed' | 'taskLost', task: string) =>
    events.emit(name, { task } as never);
  const run = (name: 'taskSucceeded' | 'taskFailed', error = 'Sum.Overflow') => {
    const task = `t${(last += 1)}`;
    emit('taskReceived', task);
    events.emit(name, { task, error } as never);
  };
  return {
    clock,
    emit,
    succeed: () => run('taskSucceeded'),
    fail: (times = 1, error?: string) => {
      for (let i = 0; i < times; i++) run('taskFailed', error);
    },
    found: () =>
      watched
        .findings(INVOKE_TIMEOUT_MS, clock.monotonic())
        .filter((finding) => finding !== undefined),
    codes: () =>
      watched
        .findings(INVOKE_TIMEOUT_MS, clock.monotonic())
        .flatMap((finding) => (finding === undefined ? [] : [finding.code])),
  };
}

describe('tasksFailing', () => {
  it('H: every task of the last 5 minutes failed, 10 at least', () => {
    const { fail, found, codes, clock } = setUp();
    const since = clock.monotonic();
    fail(9);
    expect(codes()).toEqual([]);
    clock.pass(MINUTE);
    fail();
    expect(found()).toMatchObject([
      {
        code: 'tasksFailing',
        since,
        message: expect.stringContaining('the last one with Sum.Overflow') as unknown,
      },
    ]);
  });

  it('H: one that succeeds ends it, and holds it off for 5 minutes', () => {
    const { succeed, fail, codes, clock } = setUp();
    fail(20);
    succeed();
    expect(codes()).toEqual([]);
    fail(20);
    clock.pass(4 * MINUTE);
    fail(20);
    expect(codes()).toEqual([]);
    clock.pass(MINUTE + 1);
    expect(codes()).toEqual(['tasksFailing']);
  });

  it('H: failures of more than 5 minutes ago do not count, and a new row has a beginning of its own', () => {
    const { fail, codes, found, clock } = setUp();
    fail(20);
    clock.pass(5 * MINUTE + 1);
    expect(codes()).toEqual([]);
    const since = clock.monotonic();
    fail(9);
    expect(codes()).toEqual([]);
    fail();
    expect(found()).toMatchObject([{ since }]);
  });

  it('H: does not take the ends that the source itself has set for failures of the component', () => {
    const { fail, codes } = setUp();
    fail(20, 'StepFuncSource.Stopped');
    fail(20, 'StepFuncSource.LeaseLost');
    expect(codes()).toEqual([]);
    fail(10, 'StepFuncSource.Timeout');
    expect(codes()).toEqual(['tasksFailing']);
  });
});

describe('taskOverdue', () => {
  it('H: a task older than invokeTimeoutMs and 60 s, until it ends', () => {
    const { emit, codes, found, clock } = setUp();
    emit('taskReceived', 'old');
    clock.pass(INVOKE_TIMEOUT_MS + MINUTE - 1);
    emit('taskReceived', 'young');
    expect(codes()).toEqual([]);
    clock.pass(1);
    expect(found()).toMatchObject([
      {
        code: 'taskOverdue',
        since: clock.monotonic(),
        message: expect.stringMatching(/^1 tasks have run/) as unknown,
      },
    ]);
    emit('taskLost', 'old');
    expect(codes()).toEqual([]);
  });
});

describe('reportsStuck', () => {
  it('H: a report that has not got through for 60 s, since its first failure, until its task ends', () => {
    const { emit, codes, found, clock } = setUp();
    const since = clock.monotonic();
    emit('taskReceived', 'stuck');
    emit('reportFailed', 'stuck');
    clock.pass(30_000);
    emit('reportFailed', 'stuck');
    clock.pass(29_999);
    expect(codes()).toEqual([]);
    clock.pass(1);
    expect(found()).toMatchObject([
      {
        code: 'reportsStuck',
        since,
        message: expect.stringMatching(/^The reports of 1/) as unknown,
      },
    ]);
    emit('taskLost', 'stuck');
    expect(codes()).toEqual([]);
  });
});
