import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EndingController } from '../../../lib/async/shutdown.js';
import { createEnding, endingAfter } from '../../../lib/async/shutdown.js';
import { InvokeAborted } from '../../../lib/task/invoke.js';

afterEach(() => void vi.restoreAllMocks());

const reason = new InvokeAborted('stopped', 'the grace is over');
const moments = ['drain', 'interrupt', 'abort', 'giveUp'] as const;

const come = (ending: Pick<EndingController, (typeof moments)[number]>) =>
  moments.filter((moment) => ending[moment].aborted);

/** The moments in the order in which a listener of each is called. */
function orderOf(ending: Pick<EndingController, (typeof moments)[number]>): string[] {
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

const steps: [string, (ending: EndingController) => void, number][] = [
  ['startDrain', (ending) => ending.startDrain(), 1],
  ['startInterrupt', (ending) => ending.startInterrupt(reason), 2],
  ['startAbort', (ending) => ending.startAbort(reason), 3],
  ['startGiveUp', (ending) => ending.startGiveUp(), 4],
];

describe('createEnding', () => {
  it('begins with no moment come', () => {
    expect(come(createEnding())).toEqual([]);
  });

  it.each(steps)('S1, S2: %s brings about the earlier moments first', (_, start, count) => {
    const ending = createEnding();
    const order = orderOf(ending);
    start(ending);
    expect(order).toEqual(moments.slice(0, count));
    expect(come(ending)).toEqual(moments.slice(0, count));
  });

  it('S2: brings about each moment once, whatever is called again', () => {
    const ending = createEnding();
    const order = orderOf(ending);
    for (const [, start] of steps) start(ending);
    for (const [, start] of steps) start(ending);
    expect(order).toEqual(moments);
  });

  it('S2: interrupts with the reason that it was given first', () => {
    const ending = createEnding();
    ending.startInterrupt(reason);
    ending.startAbort(new InvokeAborted('leaseLost', 'another'));
    ending.startGiveUp();
    expect(ending.interrupt.reason).toBe(reason);
  });

  it('S2: given up without a reason, interrupts as stopped', () => {
    const ending = createEnding();
    ending.startGiveUp();
    expect(ending.interrupt.reason).toBeInstanceOf(InvokeAborted);
    expect(ending.interrupt.reason).toMatchObject({ code: 'stopped' });
  });

  it('S3: takes a listener of every poller without a warning of Node', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const ending = createEnding();
    const listener = vi.fn();
    for (const moment of moments) {
      for (let i = 0; i < 100; i++) ending[moment].addEventListener('abort', () => void listener());
    }
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(warn).not.toHaveBeenCalled();
    ending.startGiveUp();
    expect(listener).toHaveBeenCalledTimes(400);
  });
});

describe('endingAfter', () => {
  const listeners = (ending: Pick<EndingController, (typeof moments)[number]>) =>
    moments.map((moment) => getEventListeners(ending[moment], 'abort').length);
  const leaseLost = new InvokeAborted('leaseLost', 'the role is gone');

  it.each(steps)('S1, S2: comes with the other: %s', (_, start, count) => {
    const source = createEnding();
    const own = endingAfter(source);
    expect(come(own)).toEqual([]);
    const order = orderOf(own);
    start(source);
    expect(order).toEqual(moments.slice(0, count));
  });

  it('S2: passes the reason of the other on', () => {
    const source = createEnding();
    const own = endingAfter(source);
    source.startAbort(reason);
    expect(own.interrupt.reason).toBe(reason);
  });

  it.each(steps)('has come as far as the other had before: %s', (_, start, count) => {
    const source = createEnding();
    start(source);
    const own = endingAfter(source);
    expect(come(own)).toEqual(moments.slice(0, count));
    expect(own.interrupt.reason).toBe(source.interrupt.reason);
  });

  it.each(steps)(
    'L5: comes earlier by its own %s, and leaves the other alone',
    (_, start, count) => {
      const source = createEnding();
      const own = endingAfter(source);
      start(own);
      expect(come(own)).toEqual(moments.slice(0, count));
      expect(come(source)).toEqual([]);
    },
  );

  it('L5: goes on with the other to the end, and keeps the reason that was first', () => {
    const source = createEnding();
    const own = endingAfter(source);
    own.startInterrupt(leaseLost);
    source.startAbort(reason);
    expect(come(own)).toEqual(['drain', 'interrupt', 'abort']);
    source.startGiveUp();
    expect(come(own)).toEqual(moments);
    expect(own.interrupt.reason).toBe(leaseLost);
    expect(source.interrupt.reason).toBe(reason);
  });

  it('S3: leaves no listener behind once it follows no longer', () => {
    const source = createEnding();
    const own = endingAfter(source);
    expect(listeners(source)).toEqual([1, 1, 1, 1]);
    own.unfollow();
    expect(listeners(source)).toEqual([0, 0, 0, 0]);
    source.startGiveUp();
    expect(come(own)).toEqual([]);
  });

  it('S3: leaves no listener behind after the end of the other either', () => {
    const source = createEnding();
    source.startDrain();
    const own = endingAfter(source);
    source.startGiveUp();
    own.unfollow();
    expect(listeners(source)).toEqual([0, 0, 0, 0]);
  });
});
