import { describe, expect, it } from 'vitest';
import type { PollState } from '../../../lib/polling/poll-state.js';
import {
  startingState,
  vitalsOf,
  withAbort,
  withFailure,
  withoutTask,
  withTask,
} from '../../../lib/polling/poll-state.js';
import { pollSent } from '../../../lib/polling/poll-window.js';

const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
const down = new Error('down');

/** A poller of three slots with one poll open, after a failed poll. */
function troubled(): PollState {
  const sent = (state: PollState) => ({ ...state, window: pollSent(state.window) });
  const poll = { epoch: 0, sentAt: 100 };
  return sent(withFailure(sent(startingState(3, 0)), poll, down, 200, 0));
}

/** What a transition leaves: open polls, tasks, whether polls fail, and whether it must wait. */
function summary({ window, pace, health }: PollState, now: number) {
  return [
    window.openPolls,
    window.tasks,
    health.failing !== undefined,
    Math.max(0, pace.resumeAt - now),
  ];
}

describe('the state of polls', () => {
  const epoch = 1;
  const sentAt = 10_000;
  it.each<[string, (state: PollState, now: number) => PollState, number, unknown[]]>([
    ['a task', (state, now) => withTask(state, { epoch, sentAt }, now), 11_000, [0, 1, false, 0]],
    ['none', (state, now) => withoutTask(state, { epoch, sentAt }, now), 70_000, [0, 0, false, 0]],
    [
      'none at once',
      (state, now) => withoutTask(state, { epoch, sentAt }, now),
      10_001,
      [0, 0, false, 50],
    ],
    [
      'a failure',
      (state, now) => withFailure(state, { epoch, sentAt }, down, now, 0),
      10_100,
      [0, 0, true, 2_000],
    ],
    ['an abort', (state, now) => withAbort(state, now), 10_100, [0, 0, true, 0]],
    [
      'nothing, since it was not sent',
      (state, now) => withoutTask(state, { epoch, sentAt: undefined }, now),
      10_100,
      [0, 0, true, 0],
    ],
  ])('P1, P3: after a poll that brought %s', (_, transition, now, expected) => {
    expect(summary(transition(troubled(), now), now)).toEqual(expected);
  });

  it('P4: a poll that a balancer cuts changes neither pace nor failures', () => {
    const before = { ...startingState(3, 0), window: pollSent(startingState(3, 0).window) };
    const after = withFailure(before, { epoch: 0, sentAt: 0 }, reset, 30_000, 0);
    expect(after).toMatchObject({ pace: before.pace, health: before.health });
    expect(after.window.openPolls).toBe(0);
  });

  it.each<[string, Error, number]>([
    ['a cut, as an empty response', reset, 2],
    ['a failure, down to one', down, 1],
  ])('C3, P4: narrows the window after %s', (_, error, width) => {
    const state = startingState(5, 0);
    const wide = { ...state, window: { ...state.window, width: 3, openPolls: 3 } };
    const after = withFailure(wide, { epoch: 0, sentAt: 0 }, error, 30_000, 0);
    expect(after.window).toMatchObject({ width, openPolls: 2 });
  });

  it('counts the back-off of a poll that was never sent from now', () => {
    const before = { ...startingState(3, 0), window: pollSent(startingState(3, 0).window) };
    const after = withFailure(before, { epoch: 0, sentAt: undefined }, down, 60_000, 0);
    expect(after.pace.resumeAt).toBe(61_000);
  });
});

describe('vitalsOf', () => {
  it.each<[string, { epoch: number; sentAt: number | undefined }, boolean]>([
    ['sent after the trouble', { epoch: 1, sentAt: 10_000 }, false],
    ['sent before the trouble', { epoch: 0, sentAt: 10_000 }, true],
    ['that waits for the ARN', { epoch: 1, sentAt: undefined }, true],
  ])('H: of a poll %s', (_, poll, failing) => {
    const vitals = vitalsOf(troubled(), [poll], false, 40_000);
    expect(vitals.failing !== undefined).toBe(failing);
    expect(vitals.openSince).toBe(poll.sentAt);
    expect(vitals).toMatchObject({ openPolls: 1, tasks: 0, stalledSince: undefined });
  });

  it('H: goes by the first poll that was sent, not by one that waits for the ARN before it', () => {
    const polls = [
      { epoch: 1, sentAt: undefined },
      { epoch: 1, sentAt: 10_000 },
    ];
    const vitals = vitalsOf(troubled(), polls, false, 15_000);
    expect(vitals.openSince).toBe(10_000);
    expect(vitals.failing).toBeUndefined();
  });

  it.each<[string, PollState, boolean, number, number | undefined]>([
    ['free and idle', startingState(3, 7), false, 100, 7],
    ['paused', startingState(3, 7), true, 100, undefined],
    ['without slots', startingState(0, 7), false, 100, undefined],
    ['in its back-off', withAbort(troubled(), 300), false, 300, undefined],
    ['just before the end of it', withAbort(troubled(), 300), false, 1_199, undefined],
    ['at the end of it', withAbort(troubled(), 300), false, 1_200, 1_200],
    ['past its back-off', withAbort(troubled(), 300), false, 9_000, 1_200],
  ])('H: says since when a poller %s is stalled', (_, state, paused, now, since) => {
    expect(vitalsOf(state, [], paused, now).stalledSince).toBe(since);
  });
});
