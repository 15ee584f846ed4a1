import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ShutdownController } from '../../../lib/async/shutdown.js';
import { createShutdown, shutdownAfter } from '../../../lib/async/shutdown.js';
import { InvokeAbortError } from '../../../lib/task/invoke.js';

afterEach(() => void vi.restoreAllMocks());

const reason = new InvokeAbortError('stopped', 'the grace is over');
const phases = ['drain', 'abortInvokes', 'abortPolls', 'abandonReports'] as const;

const startedIn = (shutdown: Pick<ShutdownController, (typeof phases)[number]>) =>
  phases.filter((phase) => shutdown[phase].aborted);

/** The phases, in the order in which their listeners are called. */
function orderOf(shutdown: Pick<ShutdownController, (typeof phases)[number]>): string[] {
  const order: string[] = [];
  for (const phase of phases) {
    shutdown[phase].addEventListener('abort', () => {
      // Whoever hears of a phase finds all the earlier ones started.
      expect(startedIn(shutdown)).toEqual(phases.slice(0, phases.indexOf(phase) + 1));
      order.push(phase);
    });
  }
  return order;
}

const steps: [string, (shutdown: ShutdownController) => void, number][] = [
  ['startDrain', (shutdown) => shutdown.startDrain(), 1],
  ['startAbortInvokes', (shutdown) => shutdown.startAbortInvokes(reason), 2],
  ['startAbortPolls', (shutdown) => shutdown.startAbortPolls(reason), 3],
  ['startAbandonReports', (shutdown) => shutdown.startAbandonReports(reason), 4],
];

describe('createShutdown', () => {
  it('starts no phase by itself', () => {
    expect(startedIn(createShutdown())).toEqual([]);
  });

  it.each(steps)('S1, S2: %s starts the earlier phases first', (_, start, count) => {
    const shutdown = createShutdown();
    const order = orderOf(shutdown);
    start(shutdown);
    expect(order).toEqual(phases.slice(0, count));
    expect(startedIn(shutdown)).toEqual(phases.slice(0, count));
  });

  it('S2: starts each phase once, whatever is called again', () => {
    const shutdown = createShutdown();
    const order = orderOf(shutdown);
    for (const [, start] of steps) start(shutdown);
    for (const [, start] of steps) start(shutdown);
    expect(order).toEqual(phases);
  });

  it('S2: aborts invokes with the reason that came first', () => {
    const shutdown = createShutdown();
    shutdown.startAbortInvokes(reason);
    shutdown.startAbortPolls(new InvokeAbortError('leaseLost', 'another'));
    shutdown.startAbandonReports(reason);
    expect(shutdown.abortInvokes.reason).toBe(reason);
  });

  it('S2: reports abandoned without a reason abort the invokes as stopped', () => {
    const shutdown = createShutdown();
    shutdown.startAbandonReports(reason);
    expect(shutdown.abortInvokes.reason).toBeInstanceOf(InvokeAbortError);
    expect(shutdown.abortInvokes.reason).toMatchObject({ code: 'stopped' });
  });

  it('S3: takes a listener of every poller without a warning of Node', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const shutdown = createShutdown();
    const listener = vi.fn();
    for (const phase of phases) {
      for (let i = 0; i < 100; i++)
        shutdown[phase].addEventListener('abort', () => void listener());
    }
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(warn).not.toHaveBeenCalled();
    shutdown.startAbandonReports(reason);
    expect(listener).toHaveBeenCalledTimes(400);
  });
});

describe('shutdownAfter', () => {
  const listeners = (shutdown: Pick<ShutdownController, (typeof phases)[number]>) =>
    phases.map((phase) => getEventListeners(shutdown[phase], 'abort').length);
  const leaseLost = new InvokeAbortError('leaseLost', 'the poller was lost');

  it.each(steps)('S1, S2: starts its phases with the other: %s', (_, start, count) => {
    const source = createShutdown();
    const own = shutdownAfter(source);
    expect(startedIn(own)).toEqual([]);
    const order = orderOf(own);
    start(source);
    expect(order).toEqual(phases.slice(0, count));
  });

  it('S2: passes the reason of the other on', () => {
    const source = createShutdown();
    const own = shutdownAfter(source);
    source.startAbortPolls(reason);
    expect(own.abortInvokes.reason).toBe(reason);
  });

  it.each(steps)('starts where the other is already: %s', (_, start, count) => {
    const source = createShutdown();
    start(source);
    const own = shutdownAfter(source);
    expect(startedIn(own)).toEqual(phases.slice(0, count));
    expect(own.abortInvokes.reason).toBe(source.abortInvokes.reason);
  });

  it.each(steps)('L5: is earlier by its own %s, and leaves the other alone', (_, start, count) => {
    const source = createShutdown();
    const own = shutdownAfter(source);
    start(own);
    expect(startedIn(own)).toEqual(phases.slice(0, count));
    expect(startedIn(source)).toEqual([]);
  });

  it('L5: goes on with the other to the end, and keeps the reason that was first', () => {
    const source = createShutdown();
    const own = shutdownAfter(source);
    own.startAbortInvokes(leaseLost);
    source.startAbortPolls(reason);
    expect(startedIn(own)).toEqual(['drain', 'abortInvokes', 'abortPolls']);
    source.startAbandonReports(reason);
    expect(startedIn(own)).toEqual(phases);
    expect(own.abortInvokes.reason).toBe(leaseLost);
    expect(source.abortInvokes.reason).toBe(reason);
  });

  it('S3: leaves no listener behind once it follows no longer', () => {
    const source = createShutdown();
    const own = shutdownAfter(source);
    expect(listeners(source)).toEqual([1, 1, 1, 1]);
    own.unfollow();
    expect(listeners(source)).toEqual([0, 0, 0, 0]);
    source.startAbandonReports(reason);
    expect(startedIn(own)).toEqual([]);
  });

  it('S3: leaves no listener behind after the end of the other either', () => {
    const source = createShutdown();
    source.startDrain();
    const own = shutdownAfter(source);
    source.startAbandonReports(reason);
    own.unfollow();
    expect(listeners(source)).toEqual([0, 0, 0, 0]);
  });
});
