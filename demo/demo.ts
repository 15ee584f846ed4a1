/**
 * The demo: two sources, `split` and `sum`, between Step Functions and a component.
 *
 *     npm run demo             on this machine alone, against the test kit's server
 *     npm run demo -- --aws    in your own AWS account
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StepFuncSource, StopSummary } from 'stepfunc-source';
import { startOnAws } from './stage/aws.js';
import { startComponent } from './stage/component.js';
import { plans } from './stage/executions.js';
import { startLocal } from './stage/local.js';
import type { Ended } from './stage/outcomes.js';
import { isAsPlanned, outcomesTable } from './stage/outcomes.js';
import { pollersText, showProgress } from './stage/progress.js';
import { createSources } from './stage/sources.js';
import type { Job, StepFunctions } from './stage/step-functions.js';
import { NotReady } from './stage/step-functions.js';
import { table } from './stage/table.js';

type Sources = Record<Job, StepFuncSource>;

async function main(args: readonly string[]): Promise<void> {
  const unknown = args.find((arg) => arg !== '--aws');
  if (unknown !== undefined) {
    throw new NotReady(`Unknown argument ${unknown}; the only one there is: --aws`);
  }
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());

  const stepFunctions = args.includes('--aws') ? await startOnAws() : await startLocal();
  const component = await startComponent();
  const sources = createSources(stepFunctions.activityNames, component.url);
  console.log(`Step Functions  ${stepFunctions.description}`);
  console.log(`component       ${component.url}\n`);
  try {
    await demonstrate(stepFunctions, sources, interruption.signal);
  } finally {
    await stop(sources);
    await stepFunctions.cleanUp(Object.values(arnsOf(sources)).filter((arn) => arn !== ''));
    component.close();
  }
}

async function demonstrate(
  stepFunctions: StepFunctions,
  sources: Sources,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([sources.split.start(), sources.sum.start()]);
  await stepFunctions.prepare(arnsOf(sources));

  const ended = await execute(stepFunctions, sources, signal);
  if (signal.aborted) {
    process.exitCode = 130;
    return;
  }
  console.log(`\nHow the executions ended\n\n${outcomesTable(ended)}`);
  const unplanned = ended.filter((one) => !isAsPlanned(one)).length;
  if (unplanned > 0) process.exitCode = 1;
  console.log(
    unplanned === 0
      ? '\n  As planned: two fail, one by its component and one by its timeout.'
      : `\n  ${unplanned} did not end as planned.`,
  );
  console.log(`\nWhat status() says\n\n${statusTable(sources)}`);
}

/** Runs every planned execution, all at a time. */
async function execute(
  stepFunctions: StepFunctions,
  sources: Sources,
  signal: AbortSignal,
): Promise<Ended[]> {
  const planned = plans();
  const executions = { started: planned.length, ended: 0 };
  console.log(`${planned.length} executions: Split, then Sum for every piece that Split makes`);
  console.log('[#..] is a poller: # a slot with a task, . a slot without\n');
  const finishProgress = showProgress(sources, executions);
  const results = await Promise.allSettled(
    planned.map(async (plan) => {
      const outcome = await stepFunctions.execute({ numbers: plan.numbers }, signal);
      executions.ended += 1;
      return { plan, outcome };
    }),
  );
  // The last frame shows what status() says of it all.
  await Promise.all(Object.values(sources).map(idle));
  finishProgress();
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** Step Functions knows that a task has ended a moment before the source hears of it. */
async function idle(source: StepFuncSource): Promise<void> {
  while (source.status().pollers.some(({ tasks }) => tasks > 0)) await sleep(10);
}

function statusTable(sources: Sources): string {
  const rows = Object.entries(sources).map(([job, source]) => {
    const { state, pollers, received, succeeded, failed, lost, pollsFailed } = source.status();
    return [job, state, pollersText(pollers), received, succeeded, failed, lost, pollsFailed];
  });
  const head = ['source', 'state', 'pollers', 'received', 'succeeded', 'failed', 'lost'];
  return table([[...head, 'polls failed'], ...rows]);
}

async function stop({ split, sum }: Sources): Promise<void> {
  console.log('\nStopping: open polls come back first, since AWS may assign tasks to aborted ones');
  const [splitSummary, sumSummary] = await Promise.all([split.stop(), sum.stop()]);
  const summaries = { split: splitSummary, sum: sumSummary };
  console.log(
    `\nWhat stop() says of the tasks that were still under way\n\n${summaryTable(summaries)}`,
  );
}

function summaryTable(summaries: Record<Job, StopSummary>): string {
  const rows = Object.entries(summaries).map(([job, summary]) => {
    const { succeeded, failed, lost, abandonedPolls } = summary;
    return [job, succeeded, failed, lost, abandonedPolls];
  });
  return table([['source', 'succeeded', 'failed', 'lost', 'abandoned polls'], ...rows]);
}

const nextSteps = `
What to do next

  npm run demo:cluster     three processes share one limit, and one of them is killed
  npm run demo -- --aws    the same as here, in your own AWS account
  README.md                a worker of your own in ten lines
  docs/errors.md           the Retry and Catch for each error`;

function arnsOf({ split, sum }: Sources): Record<Job, string> {
  return { split: split.status().activityArn ?? '', sum: sum.status().activityArn ?? '' };
}

try {
  await main(process.argv.slice(2));
  if (process.exitCode === undefined) console.log(nextSteps);
} catch (error) {
  console.error(error instanceof NotReady ? error.message : error);
  process.exitCode = 1;
}
