import type { StopSummary } from '../../../lib/index.js';
import type { Instance } from '../world/instance.js';
import type { Timeline } from './violation.js';

/** The summary of a stop says what has come of the tasks since it was called first. */
export function checkSummary(
  { machine, tasks }: Instance,
  summary: StopSummary,
  before: ReturnType<Instance['tasks']['counts']>,
  line: Timeline,
): void {
  const after = tasks.counts();
  for (const what of ['succeeded', 'failed', 'lost'] as const) {
    const count = after[what] - before[what];
    if (summary[what] === count) continue;
    line.broken('S2: the summary', `${machine.name}: ${count} ${what}, ${JSON.stringify(summary)}`);
  }
}

/** S3: once stop has resolved, nothing is left. */
export function checkLeftovers(instance: Instance, line: Timeline): void {
  const { machine, tasks, slots, links, source } = instance;
  const left = [
    ...tasks.open().map((token) => `task ${token} without an end`),
    slots.openPolls() > 0 ? `${slots.openPolls()} polls` : '',
    links.aws.open() > 0 ? `${links.aws.open()} calls to AWS` : '',
    links.component.open() > 0 ? `${links.component.open()} calls to the component` : '',
    source.runningTasks().length > 0 ? `${source.runningTasks().length} running tasks` : '',
    source.state === 'stopped' ? '' : `state ${source.state}`,
  ].filter((text) => text !== '');
  if (left.length > 0) line.broken('S3: nothing is left', `${machine.name}: ${left.join(', ')}`);
  const status = source.status();
  for (const [what, count] of Object.entries(tasks.counts())) {
    if (status[what as keyof ReturnType<typeof tasks.counts>] === count) continue;
    line.broken('status: counts', `${machine.name}: ${count} ${what}, ${JSON.stringify(status)}`);
  }
  // Promises that settle with the stop may still have to clear their timers.
  machine.setImmediate(() => {
    const pending = machine.pending();
    if (pending > 0) line.broken('S3: nothing is left', `${machine.name}: ${pending} timers`);
  });
}
