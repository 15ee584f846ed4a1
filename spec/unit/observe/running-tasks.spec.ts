import { expect, it } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import { createRunningTasks } from '../../../lib/observe/running-tasks.js';

it('running tasks are listed in their order, as copies, until they are removed', () => {
  const tasks = createRunningTasks({ ...systemClock, wall: () => 7 });
  tasks.add('a', 0, { order: '1' });
  tasks.add('b', 1, {});
  tasks.reporting('b');
  tasks.reporting('unknown');
  const b = { task: 'b', poller: 1, startedAt: 7, phase: 'reporting', attributes: {} };
  const a = { task: 'a', poller: 0, startedAt: 7, phase: 'invoking', attributes: { order: '1' } };
  const before = tasks.list();
  expect(before).toEqual([a, b]);
  tasks.reporting('a');
  tasks.remove('a');
  tasks.add('c', 0, {});
  tasks.reporting('c');
  expect(tasks.list()).toHaveLength(2);
  expect(before).toEqual([a, b]);
});
