import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PollReturn, PollWindow } from '../../../lib/polling/poll-window.js';
import {
  hasFreeSlot,
  isEmpty,
  openWindow,
  pollReturned,
  pollSent,
  pollsWanted,
  resized,
  taskEnded,
} from '../../../lib/polling/poll-window.js';

/** Sends as many polls as the window wants. */
function filled(window: PollWindow): PollWindow {
  let after = window;
  while (pollsWanted(after) > 0) after = pollSent(after);
  return after;
}

/** All polls that are open come back so. */
function allReturn(window: PollWindow, how: PollReturn): PollWindow {
  let after = window;
  for (let i = 0; i < window.openPolls; i++) after = pollReturned(after, how, 0);
  return after;
}

describe('a poll window', () => {
  it('C3: wants one poll when idle, whatever its slots', () => {
    expect([1, 2, 100].map((slots) => pollsWanted(openWindow(slots, 0)))).toEqual([1, 1, 1]);
  });

  it.each([
    { openPolls: 0, tasks: 0, free: true, empty: true },
    { openPolls: 1, tasks: 0, free: true, empty: false },
    { openPolls: 1, tasks: 1, free: true, empty: false },
    { openPolls: 0, tasks: 2, free: false, empty: false },
    { openPolls: 0, tasks: 3, free: false, empty: false },
  ])('C2: of two slots, $openPolls polls and $tasks tasks: free $free, empty $empty', (used) => {
    const { openPolls, tasks, free, empty } = used;
    const window = { ...openWindow(2, 0), openPolls, tasks };
    expect([hasFreeSlot(window), isEmpty(window)]).toEqual([free, empty]);
  });

  it('C3: under a backlog doubles its polls with every round trip, until all slots are taken', () => {
    let window = openWindow(100, 0);
    const tasks: number[] = [];
    for (let roundTrip = 1; roundTrip <= 7; roundTrip++) {
      window = allReturn(filled(window), 'task');
      tasks.push(window.tasks);
    }
    expect(tasks).toEqual([1, 3, 7, 15, 31, 63, 100]);
    expect(pollsWanted(window)).toBe(0);
    expect(hasFreeSlot(window)).toBe(false);
  });

  it.each([
    ['empty', 7],
    ['cut', 7],
    ['failed', 1],
    ['notSent', 8],
  ] as const)('C3: a poll that comes back %s makes a width of 8 one of %i', (how, width) => {
    const window = filled({ ...openWindow(8, 0), width: 8 });
    expect(pollReturned(window, how, 0)).toMatchObject({ width, openPolls: 7, tasks: 0 });
  });

  it('never narrows below one poll', () => {
    for (const how of ['empty', 'cut', 'failed'] as const) {
      expect(pollReturned(filled(openWindow(4, 0)), how, 0).width).toBe(1);
    }
  });

  it('without slots for a while wants no poll, and one again once there are some', () => {
    const none = resized(filled(openWindow(3, 0)), 0, 0);
    expect(pollsWanted(none)).toBe(0);
    const task = pollReturned(none, 'task', 0);
    expect(isEmpty(task)).toBe(false);
    const ended = taskEnded(task, 0);
    expect(isEmpty(ended)).toBe(true);
    expect(pollsWanted(resized(ended, 3, 0))).toBe(1);
  });

  it('remembers when a slot last became free', () => {
    const both = pollReturned(filled({ ...openWindow(2, 1), width: 2 }), 'task', 2);
    expect(both.freedAt).toBe(1);
    expect(pollReturned(both, 'empty', 3).freedAt).toBe(3);
    expect(taskEnded(both, 4).freedAt).toBe(4);
    expect(resized(both, 3, 5).freedAt).toBe(5);
  });

  it('C2: open polls and tasks never exceed the slots, whatever comes in which order', () => {
    const step = fc.constantFrom('send', 'task', 'empty', 'cut', 'failed', 'notSent', 'end');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step), (slots, steps) => {
        let window = openWindow(slots, 0);
        for (const now of steps) {
          if (now === 'end') window = window.tasks > 0 ? taskEnded(window, 0) : window;
          else if (now !== 'send') {
            window = window.openPolls > 0 ? pollReturned(window, now, 0) : window;
          } else window = filled(window);
          const { openPolls, tasks, width } = window;
          expect(openPolls + tasks).toBeLessThanOrEqual(slots);
          expect(Math.min(openPolls, tasks)).toBeGreaterThanOrEqual(0);
          expect(width).toBeGreaterThanOrEqual(1);
          expect(width).toBeLessThanOrEqual(slots);
        }
      }),
    );
  });
});
