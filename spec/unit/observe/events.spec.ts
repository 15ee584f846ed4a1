import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EventName, StepFuncSourceEvents } from '../../../lib/observe/events.js';
import { createEvents } from '../../../lib/observe/events.js';

afterEach(() => void vi.restoreAllMocks());

const starting: StepFuncSourceEvents['stateChanged'] = {
  activityName: 'sum',
  from: 'stopped',
  to: 'starting',
};
const received: StepFuncSourceEvents['taskReceived'] = {
  activityName: 'sum',
  task: 't',
  poller: 0,
  attributes: {},
};

/** Lets microtasks run, so that an unhandled rejection would come to light. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('createEvents', () => {
  it('gives every listener of an event what was emitted, in the order of their coming', () => {
    const events = createEvents();
    const heard: unknown[][] = [];
    events.on('stateChanged', (...args) => heard.push(['first', ...args]));
    events.on('stateChanged', (...args) => heard.push(['second', ...args]));
    events.on('taskReceived', (...args) => heard.push(['other', ...args]));
    events.emit('stateChanged', starting);
    expect(heard).toEqual([
      ['first', starting],
      ['second', starting],
    ]);
    events.emit('taskReceived', received);
    expect(heard.slice(2)).toEqual([['other', received]]);
  });

  it('does nothing without a listener', () => {
    const events = createEvents();
    expect(() => events.emit('stateChanged', starting)).not.toThrow();
  });

  it('a listener that throws disturbs neither the others nor who emits', () => {
    const events = createEvents();
    const heard: string[] = [];
    for (const [name, thrown] of [
      ['an error', new Error('boom')],
      ['nothing', undefined],
      ['a text', 'boom'],
    ] as const) {
      events.on('stateChanged', () => {
        heard.push(name);
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- the case in hand
        throw thrown;
      });
    }
    events.on('stateChanged', () => void heard.push('the last'));
    expect(() => events.emit('stateChanged', starting)).not.toThrow();
    expect(heard).toEqual(['an error', 'nothing', 'a text', 'the last']);
  });

  it('S3: what a listener rejects with is never unhandled', async () => {
    const events = createEvents();
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    try {
      const heard = vi.fn();
      const reject = async () => {
        heard();
        throw new Error('boom');
      };
      events.on('stateChanged', reject);
      events.once('stateChanged', reject);
      events.on('stateChanged', heard);
      events.emit('stateChanged', starting);
      expect(heard).toHaveBeenCalledTimes(3);
      await settle();
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });

  it('once: calls for the next event only, even a listener that throws', () => {
    const events = createEvents();
    const fine = vi.fn();
    const bad = vi.fn(() => {
      throw new Error('boom');
    });
    events.once('stateChanged', fine);
    events.once('stateChanged', bad);
    events.emit('taskReceived', received);
    for (let i = 0; i < 3; i++) events.emit('stateChanged', starting);
    expect(fine.mock.calls).toEqual([[starting]]);
    expect(bad.mock.calls).toEqual([[starting]]);
  });

  it('once: a listener is not called for an event that it brings about itself', () => {
    const events = createEvents();
    const listener = vi.fn(() => events.emit('stateChanged', starting));
    events.once('stateChanged', listener);
    events.emit('stateChanged', starting);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it.each(['on', 'once'] as const)('off: takes a listener away that came by %s', (how) => {
    const events = createEvents();
    const [gone, other, stays] = [vi.fn(), vi.fn(), vi.fn()];
    events[how]('stateChanged', gone);
    events[how]('stateChanged', stays);
    events.off('stateChanged', gone);
    events.off('stateChanged', other);
    events.off('taskReceived', stays);
    events.emit('stateChanged', starting);
    expect(gone).not.toHaveBeenCalled();
    expect(stays).toHaveBeenCalledTimes(1);
  });

  it('off: a listener that came twice has to be taken away twice', () => {
    const events = createEvents();
    const listener = vi.fn();
    events.on('stateChanged', listener);
    events.on('stateChanged', listener);
    events.emit('stateChanged', starting);
    expect(listener).toHaveBeenCalledTimes(2);
    events.off('stateChanged', listener);
    events.emit('stateChanged', starting);
    expect(listener).toHaveBeenCalledTimes(3);
    events.off('stateChanged', listener);
    events.emit('stateChanged', starting);
    expect(listener).toHaveBeenCalledTimes(3);
  });

  it('a listener that is added or removed during an event counts from the next event on', () => {
    const events = createEvents();
    const heard: string[] = [];
    const late = () => void heard.push('late');
    const leaving = () => void heard.push('leaving');
    events.on('stateChanged', () => {
      heard.push('first');
      events.off('stateChanged', leaving);
      if (heard.length === 1) events.on('stateChanged', late);
    });
    events.on('stateChanged', leaving);
    events.on('stateChanged', () => void heard.push('last'));
    events.emit('stateChanged', starting);
    expect(heard).toEqual(['first', 'leaving', 'last']);
    events.emit('stateChanged', starting);
    expect(heard.slice(3)).toEqual(['first', 'last', 'late']);
  });

  it('S3: takes any number of listeners without a warning of Node', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const events = createEvents();
    const listener = vi.fn();
    const names: EventName[] = ['stateChanged', 'taskReceived'];
    for (const name of names) for (let i = 0; i < 100; i++) events.on(name, listener);
    events.emit('stateChanged', starting);
    await settle();
    expect(listener).toHaveBeenCalledTimes(100);
    expect(warn).not.toHaveBeenCalled();
  });

  it('each source has listeners of its own', () => {
    const [events, others] = [createEvents(), createEvents()];
    const listener = vi.fn();
    events.on('stateChanged', listener);
    others.emit('stateChanged', starting);
    expect(listener).not.toHaveBeenCalled();
  });
});
