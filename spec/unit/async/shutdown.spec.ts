import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ShutdownController } from '../../../lib/async/shutdown.js';
import { createShutdown, shutdownAfter } from '../../../lib/async/shutdown.js';
import { InvokeAbortError } from '../../../lib/task/invoke.js';

afterEach(() => void vi.restoreAllMocks());

const reason = new InvokeAbortError('stopped', 'the grace is over');
const moments = ['drain', 'abortInvokes', 'abortPolls', 'abandonReports'] as const;

const come = (ending: Pick<ShutdownController, (typeof moments)[number]>) =>
  moments.filter((moment) => ending[moment].aborted);

/** The moments in the order in which a listener of each is called. */
function orderOf(ending: Pick<ShutdownController, (typeof moments)[number]>): string[] {
  const order: string[] = [];
  for (const moment of moments) {
    ending[moment].addEventListener('abort', () => {
      // Whoever hears of a moment finds all the earlier ones come.
      expect(come(ending)).toEqual(moments.slice(0, moments.indexOf(moment) + 1));
      order.push(moment);
    });
  }
  return order;
}

const steps: [string, (ending: ShutdownController) => void, number][] = [
  ['startDrain', (ending) => ending.startDrain(), 1],
  ['startAbortInvokes', (ending) => ending.startAbortInvokes(reason), 2],
  ['startAbortPolls', (ending) => ending.startAbortPolls(reason), 3],
  ['startAbandonReports', (ending) => ending.startAbandonReports(reason), 4],
];

describe('createShutdown', () => {
  it('begins with no moment come', () => {
    expect(come(createShutdown())).toEqual([]);
  });

  it.each(steps)('S1, S2: %s brings about the earlier moments first', (_, start, count) => {
    const ending = createShutdown();
    const order = orderOf(ending);
    start(ending);
    expect(order).toEqual(moments.slice(0, count));
    expect(come(ending)).toEqual(moments.slice(0, count));
  });

  it('S2: brings about each moment once, whatever is called again', () => {
    const ending = createShutdown();
    const order = orderOf(ending);
    for (const [, start] of steps) start(ending);
    for (const [, start] of steps) start(ending);
    expect(order).toEqual(moments);
  });

  it('S2: interrupts with the reason that it was given first', () => {
    const ending = createShutdown();
    ending.startAbortInvokes(reason);
    ending.startAbortPolls(new InvokeAbortError('leaseLost', 'another'));
    ending.startAbandonReports(reason);
    expect(ending.abortInvokes.reason).toBe(reason);
  });

  it('S2: given up without a reason, interrupts as stopped', () => {
    const ending = createShutdown();
    ending.startAbandonReports(reason);
    expect(ending.abortInvokes.reason).toBeInstanceOf(InvokeAbortError);
    expect(ending.abortInvokes.reason).toMatchObject({ code: 'stopped' });
  });

  it('S3: takes a listener of every poller without a warning of Node', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const ending = createShutdown();
    const listener = vi.fn();
    for (const moment of moments) {
      for (let i = 0; i < 100; i++) ending[moment].addEventListener('abort', () => void listener());
    }
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(warn).not.toHaveBeenCalled();
    ending.startAbandonReports(reason);
    expect(listener).toHaveBeenCalledTimes(400);
  });
});

describe('shutdownAfter', () => {
  const listeners = (ending: Pick<ShutdownController, (typeof moments)[number]>) =>
    moments.map((moment) => getEventListeners(ending[moment], 'abort').length);
  const leaseLost = new InvokeAbortError('leaseLost', 'the poller is gone');

  it.each(steps)('S1, S2: comes with the other: %s', (_, start, count) => {
    const source = createShutdown();
    const own = shutdownAfter(source);
    expect(come(own)).toEqual([]);
    const order = orderOf(own);
    start(source);
    expect(order).toEqual(moments.slice(0, count));
  });

  it('S2: passes the reason of the other on', () => {
    const source = createShutdown();
    const own = shutdownAfter(source);
    source.startAbortPolls(reason);
    expect(own.abortInvokes.reason).toBe(reason);
  });

  it.each(steps)('has come as far as the other had before: %s', (_, start, count) => {
    const source = createShutdown();
    start(source);
    const own = shutdownAfter(source);
    expect(come(own)).toEqual(moments.slice(0, count));
    expect(own.abortInvokes.reason).toBe(source.abortInvokes.reason);
  });

  it.each(steps)(
    'L5: comes earlier by its own %s, and leaves the other alone',
    (_, start, count) => {
      const source = createShutdown();
      const own = shutdownAfter(source);
      start(own);
      expect(come(own)).toEqual(moments.slice(0, count));
      expect(come(source)).toEqual([]);
    },
  );

  it('L5: goes on with the other to the end, and keeps the reason that was first', () => {
    const source = createShutdown();
    const own = shutdownAfter(source);
    own.startAbortInvokes(leaseLost);
    source.startAbortPolls(reason);
    expect(come(own)).toEqual(['drain', 'abortInvokes', 'abortPolls']);
    source.startAbandonReports(reason);
    expect(come(own)).toEqual(moments);
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
    expect(come(own)).toEqual([]);
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
