/**
 * The demo: two sources, `split` and `sum`, between Step Functions and a component.
 *
 *     npm run demo             on this machine alone, against the test kit's server
 *     npm run demo -- --aws    in your own AWS account
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { StepFuncSource } from 'stepfunc-source';
import { startOnAws } from './stage/aws.js';
import { startComponent } from './stage/component.js';
import { plans } from './stage/executions.js';
import { startLocal } from './stage/local.js';
import { printOutcome } from './stage/outcomes.js';
import { showProgress } from './stage/progress.js';
import { createSources } from './stage/sources.js';
import type { Job, Outcome, StepFunctions } from './stage/step-functions.js';
import { NotReady } from './stage/step-functions.js';

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

  const planned = plans();
  const outcomes = await execute(stepFunctions, sources, signal);
  if (signal.aborted) {
    process.exitCode = 130;
    return;
  }
  console.log('\nHow Step Functions shows the executions:\n');
  for (const [i, outcome] of outcomes.entries()) {
    const plan = planned[i];
    if (plan !== undefined && !printOutcome(plan, outcome)) process.exitCode = 1;
  }
  for (const [job, source] of Object.entries(sources)) {
    await idle(source);
    console.log(`\nstatus() of ${job}: ${inspect(source.status(), { depth: 4 })}`);
  }
}

/** Runs every planned execution, all at a time. */
async function execute(
  stepFunctions: StepFunctions,
  sources: Sources,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const planned = plans();
  const executions = { started: planned.length, ended: 0 };
  console.log(`${planned.length} executions: Split, then Sum for every piece that Split makes`);
  console.log('[#..] is a poller: # a slot with a task, . a slot without\n');
  const finishProgress = showProgress(sources, executions);
  const results = await Promise.allSettled(
    planned.map(async ({ numbers }) => {
      const outcome = await stepFunctions.execute({ numbers }, signal);
      executions.ended += 1;
      return outcome;
    }),
  );
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

async function stop({ split, sum }: Sources): Promise<void> {
  console.log('\nStopping: open polls are waited for, since AWS gives tasks to them');
  const summaries = await Promise.all([split.stop(), sum.stop()]);
  console.log(`stop() of split: ${inspect(summaries[0])}`);
  console.log(`stop() of sum:   ${inspect(summaries[1])}`);
}

function arnsOf({ split, sum }: Sources): Record<Job, string> {
  return { split: split.status().activityArn ?? '', sum: sum.status().activityArn ?? '' };
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof NotReady ? error.message : error);
  process.exitCode = 1;
}
