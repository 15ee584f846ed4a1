import { describe, expect, it } from 'vitest';
import { createStory } from './story.js';

// The judge of a cluster must itself be seen to find what it is there to find. Moments are seconds.

describe('the cap', () => {
  it('has nothing against tasks one after another, and as many at a time as may be', () => {
    const { up, record, task, judge } = createStory();
    up('a', 'b');
    record(1, 'a', { what: 'acquired', poller: 0 });
    record(1, 'b', { what: 'acquired', poller: 1 });
    task('a', 0, 2, 3);
    task('a', 0, 3, 5);
    task('b', 1, 2, 4);
    const { complaints, figures } = judge();
    expect(complaints).toEqual([]);
    expect(figures).toMatchObject({ most: 2, heldOver: 0, allOver: 0, handOvers: 2, tasksRun: 3 });
  });

  it('is passed if two have a poller at a time', () => {
    const { up, record, task, judge } = createStory();
    up('a', 'b');
    record(1, 'a', { what: 'acquired', poller: 0 });
    record(1, 'a', { what: 'acquired', poller: 1 });
    record(3, 'b', { what: 'acquired', poller: 0 });
    task('a', 0, 2, 6);
    task('a', 1, 2, 6);
    task('b', 0, 4, 5);
    expect(judge().complaints).toEqual(['C4: 1 tasks above the cap, left-overs not counted']);
  });

  it('does not count the tasks of a lease that was lost, from the loss on', () => {
    const { up, record, task, judge } = createStory();
    up('b', 'c');
    record(1, 'b', { what: 'acquired', poller: 0 });
    record(1, 'b', { what: 'acquired', poller: 1 });
    task('b', 0, 2, 6);
    task('b', 1, 2, 6);
    record(3, 'b', { what: 'lost', poller: 0 });
    // Brought by a poll that was open at the loss.
    task('b', 0, 3.5, 3.6, { polledAt: 2.9 });
    record(3, 'c', { what: 'acquired', poller: 0 });
    task('c', 0, 4, 5);
    const { complaints, figures } = judge();
    expect(complaints).toEqual([]);
    expect(figures).toMatchObject({ heldOver: 0, allOver: 1, leftOver: 2, losses: 1 });
  });

  it('does not count tasks of the killed, nor those of the suspended until they are awake', () => {
    const { up, record, task, judge } = createStory();
    up('a', 'b', 'c');
    record(1, 'a', { what: 'acquired', poller: 0 });
    record(1, 'b', { what: 'acquired', poller: 1 });
    task('a', 0, 2, Infinity);
    task('b', 1, 2, 9);
    record(3, 'a', { what: 'killed' });
    record(3, 'b', { what: 'suspended' });
    record(4.5, 'c', { what: 'acquired', poller: 0 });
    record(4.5, 'c', { what: 'acquired', poller: 1 });
    task('c', 0, 5, 8);
    task('c', 1, 5, 8);
    record(6, 'b', { what: 'resumed' });
    record(6.1, 'b', { what: 'lost', poller: 1 });
    record(6.2, 'b', { what: 'awake' });
    const { complaints, figures } = judge();
    expect(complaints).toEqual([]);
    expect(figures).toMatchObject({ most: 3, allOver: 1, tasksLostToKills: 1 });
    expect(figures.takeovers).toEqual({ killed: [1.5], suspended: [1.5], released: [] });
  });

  it('counts what the suspended go on with if they hold their lease on', () => {
    const { up, record, task, judge } = createStory();
    up('a', 'b');
    record(1, 'a', { what: 'acquired', poller: 0 });
    record(1, 'b', { what: 'acquired', poller: 1 });
    task('a', 0, 2, 9);
    record(3, 'a', { what: 'suspended' });
    record(3.5, 'a', { what: 'awake' });
    task('b', 1, 4, 9);
    task('b', 1, 5, 6);
    expect(judge().complaints).toEqual(['C4: 1 tasks above the cap, left-overs not counted']);
  });

  it('grows with a rolling change, from when that begins', () => {
    const { up, record, task, trace, judge } = createStory();
    up('a', 'b');
    for (const poller of [0, 1, 2]) record(1, 'a', { what: 'acquired', poller });
    trace.caps.push({ at: 4, tasks: 3 });
    for (const poller of [0, 1, 2]) task('a', poller, 5, 6);
    expect(judge().complaints).toEqual([]);
    for (const poller of [0, 1, 2]) task('a', poller, 2, 3);
    expect(judge().complaints).toEqual(['C4: 1 tasks above the cap, left-overs not counted']);
  });
});

describe('what else must hold', () => {
  it('finds a poll for a poller that another instance had got', () => {
    const { up, record, task, judge } = createStory();
    up('a', 'b');
    record(1, 'a', { what: 'acquired', poller: 0 });
    record(3, 'b', { what: 'acquired', poller: 0 });
    task('a', 0, 3.4, 3.6, { polledAt: 2.9 });
    expect(judge().complaints).toEqual([]);
    task('a', 0, 5, 5.1);
    expect(judge().complaints).toEqual([
      'L5: a polled for poller 0 2 ms after b had got it (task t1)',
    ]);
  });

  it('L5: finds a left-over that did not fare as onLeaseLost says', () => {
    const story = (instance: string, closedAt: number, error?: string) => {
      const { up, record, task, judge } = createStory();
      up(instance);
      record(1, instance, { what: 'acquired', poller: 0 });
      task(instance, 0, 2, closedAt, error === undefined ? {} : { error });
      record(3, instance, { what: 'lost', poller: 0 });
      return judge().complaints;
    };
    const leaseLost = 'StepFuncSource.LeaseLost';
    expect(story('a', 3.1, leaseLost)).toEqual([]);
    expect(story('a', 5, leaseLost)).toEqual([
      'L5: a aborts, but task t0 was open for 2 ms after the loss',
    ]);
    expect(story('b', 5)).toEqual([]);
    expect(story('b', 3.1, leaseLost)).toEqual([
      'L5: b drains, but failed task t0: StepFuncSource.LeaseLost',
    ]);
  });

  it('finds a task that ran twice, one that was lost, and one that failed', () => {
    const { up, record, task, runs, judge } = createStory();
    up('a');
    record(1, 'a', { what: 'acquired', poller: 0 });
    task('a', 0, 2, 3);
    task('a', 0, 4, Infinity);
    task('a', 0, 5, 6, { error: 'StepFuncSource.InvokeFailed' });
    runs.set('t0', 2);
    const [twice, failed, lost] = judge().complaints;
    expect(twice).toBe('run more than once: [["t0",2]]');
    expect(failed).toMatch(/^failed: .*"t2".*InvokeFailed/);
    expect(lost).toBe('a lost the task t1');
  });

  it.each([
    ['killed', { what: 'killed' }, 2],
    ['released', { what: 'released', poller: 0 }, 0.5],
  ] as const)('L4: finds a poller that was left too long: %s', (what, happening, bound) => {
    const story = (heldAgainAt: number) => {
      const { up, record, judge } = createStory();
      up('a', 'b');
      record(1, 'a', { what: 'acquired', poller: 0 });
      record(5, 'a', happening);
      record(heldAgainAt, 'b', { what: 'acquired', poller: 0 });
      return judge().complaints;
    };
    expect(story(5 + bound + 0.3)).toEqual([]);
    expect(story(5 + bound + 0.5)).toEqual([
      expect.stringMatching(`^L4: poller 0, ${what}, was not held again within`),
    ]);
  });

  it('L4: excuses an instance that was not there, asleep, cut off, or does not know the poller', () => {
    const story = (hindrance: (scene: ReturnType<typeof createStory>) => void) => {
      const scene = createStory();
      scene.up('a', 'b');
      scene.record(1, 'a', { what: 'acquired', poller: 0 });
      scene.record(5, 'a', { what: 'killed' });
      hindrance(scene);
      return scene.judge().complaints.length;
    };
    expect(story(() => undefined)).toBe(1);
    expect(story(({ record }) => record(6, 'b', { what: 'terminated' }))).toBe(0);
    expect(story(({ record }) => record(4, 'b', { what: 'suspended' }))).toBe(0);
    expect(story(({ record }) => record(4, 'b', { what: 'cutOff' }))).toBe(0);
    const longAgo = story(({ record }) => {
      record(1, 'b', { what: 'cutOff' });
      record(2, 'b', { what: 'reconnected' });
    });
    expect(longAgo).toBe(1);
    expect(story(({ trace }) => trace.configs.set('b', { pollers: 0, onLeaseLost: 'drain' }))).toBe(
      0,
    );
  });

  it('L9: finds a process that did not end well, or had something to say', () => {
    const well = { instance: 'a', code: 0, signal: null, stderr: '' };
    const { judge } = createStory();
    expect(judge({ ends: [well] }).complaints).toEqual([]);
    const ends = [
      { ...well, code: 1 },
      { ...well, code: null, signal: 'SIGABRT' as const },
      { ...well, stderr: 'Warning: possible leak' },
    ];
    expect(judge({ ends }).complaints).toEqual([
      'L9: a ended with 1 and said: ',
      'L9: a ended with SIGABRT and said: ',
      'L9: a ended with 0 and said: Warning: possible leak',
    ]);
  });
});
