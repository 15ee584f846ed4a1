import { describe, expect, it, vi } from 'vitest';
import type { Invoke } from '../../lib/index.js';
import { answer, setUp, settle, stopped } from '../support/source-on-fake.js';
import { useFakeTimers } from '../support/fake-timers.js';

useFakeTimers();

const wait = { onComponentDown: 'wait', maxConcurrency: 4, concurrencyPerPoller: 4 };

/** A component that refuses connections until it is up. */
function componentThatIsDown() {
  const component = { up: false, attempts: 0 };
  const invoke: Invoke = async () => {
    component.attempts += 1;
    if (component.up) return answer();
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
    });
    throw new TypeError('fetch failed', { cause });
  };
  return { component, invoke };
}

describe("onComponentDown: 'wait'", () => {
  it('a component that restarts fails no task, and its poller takes none meanwhile', async () => {
    const { component, invoke } = componentThatIsDown();
    const { sfn, source } = setUp(invoke, wait);
    await source.start();
    const outcomes = Array.from({ length: 20 }, () => sfn.runTask('sum', {}));
    await vi.advanceTimersByTimeAsync(100_000);
    const [poller] = source.status().pollers;
    expect(poller).toMatchObject({ openPolls: 0 });
    // One task, and what the open polls brought before the first refusal.
    expect(poller?.tasks).toBeLessThanOrEqual(3);
    expect(source.health()).toEqual({ ok: true, problems: [] });
    component.up = true;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await Promise.all(outcomes)).toEqual(
      Array.from({ length: 20 }, () => ({ status: 'SUCCEEDED', output: '{}' })),
    );
    await stopped(source);
  });

  it('within invokeTimeoutMs only: then the task fails, and says what was in the way', async () => {
    const { component, invoke } = componentThatIsDown();
    const { sfn, source } = setUp(invoke, { ...wait, invokeTimeoutMs: 30_000 });
    const failed = vi.fn();
    source.on('taskFailed', failed);
    await source.start();
    const outcome = sfn.runTask('sum', {});
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await outcome).toMatchObject({ status: 'FAILED', error: 'StepFuncSource.Timeout' });
    expect(failed.mock.calls).toMatchObject([
      [{ message: expect.stringMatching(/30000 ms .*ECONNREFUSED 127\.0\.0\.1:9/) as unknown }],
    ]);
    const { attempts } = component;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(component.attempts).toBe(attempts);
    const [poller] = source.status().pollers;
    expect(poller?.tasks).toBe(0);
    expect(poller?.openPolls).toBeGreaterThan(0);
    await stopped(source);
  });

  it('S2: at the end of the grace the task is reported as Stopped', async () => {
    const { invoke } = componentThatIsDown();
    const { sfn, source } = setUp(invoke, wait);
    await source.start();
    const outcome = sfn.runTask('sum', {});
    await vi.advanceTimersByTimeAsync(5_000);
    const stop = source.stop({ graceMs: 1_000 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcome).toMatchObject({ status: 'FAILED', error: 'StepFuncSource.Stopped' });
    expect(await stop).toMatchObject({ failed: 1, lost: 0 });
  });

  it('S1: a stop without a grace waits for the component', async () => {
    const { component, invoke } = componentThatIsDown();
    const { sfn, source } = setUp(invoke, wait, { longPollMs: 1_000 });
    await source.start();
    const outcome = sfn.runTask('sum', {});
    await settle();
    const stop = source.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    component.up = true;
    await vi.advanceTimersByTimeAsync(6_000);
    expect(await outcome).toMatchObject({ status: 'SUCCEEDED' });
    expect(await stop).toMatchObject({ succeeded: 1 });
  });

  it('T8: heartbeats go on meanwhile, and a task that AWS has closed ends', async () => {
    const { component, invoke } = componentThatIsDown();
    const { sfn, source } = setUp(invoke, { ...wait, heartbeatIntervalMs: 1_000 });
    const lost = vi.fn();
    source.on('taskLost', lost);
    await source.start();
    const outcome = sfn.runTask('sum', {}, { heartbeatSeconds: 2, timeoutSeconds: 20 });
    await vi.advanceTimersByTimeAsync(22_000);
    expect(await outcome).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
    expect(lost.mock.calls).toMatchObject([[{ reason: 'closed' }]]);
    const { attempts } = component;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(component.attempts).toBe(attempts);
    const [poller] = source.status().pollers;
    expect(poller?.tasks).toBe(0);
    expect(poller?.openPolls).toBeGreaterThan(0);
    await stopped(source);
  });
});

describe("onComponentDown: 'fail'", () => {
  it('is the default: the task fails at once', async () => {
    const { component, invoke } = componentThatIsDown();
    const { sfn, source } = setUp(invoke);
    await source.start();
    expect(await sfn.runTask('sum', {})).toMatchObject({ error: 'StepFuncSource.InvokeFailed' });
    expect(component.attempts).toBe(1);
    await stopped(source);
  });
});
