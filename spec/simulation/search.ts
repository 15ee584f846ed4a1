/**
 * Looks for seeds that break a promise of the contract, and shows the first one. It shows what
 * happened to the cluster, shrunk to the few things that matter, and who did what when.
 *
 *     npm run simulate:search -- --seconds 600
 *     npm run simulate:search -- --seed 4711
 *     npm run simulate:search -- --seed 4711 --keep 0,3,17
 */
import { parseArgs } from 'node:util';
import type { Plan } from './plan.js';
import { planOf } from './plan.js';
import { placesOf, shrink } from './shrink.js';
import { formatHappening, simulate } from './simulate.js';

const options = {
  /** How long to search, in seconds of CPU. */
  seconds: { type: 'string', default: '60' },
  /** The first seed. Default: one that was never tried. */
  from: { type: 'string' },
  /** Runs this seed only. */
  seed: { type: 'string' },
  /** Runs a shrunk plan: the places of the happenings that it keeps. */
  keep: { type: 'string' },
  /** Goes on after a failure, and prints one line for each. */
  all: { type: 'boolean', default: false },
  /** Prints one line for a failure, and shows nothing of it. */
  brief: { type: 'boolean', default: false },
} as const;
const values = readOptions();

/** Of CPU time, which is the same however busy the machine is. */
function seconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
const SHRINK_SECONDS = 60;

/** What is typed wrong ends the program with a sentence, not with a stack trace. */
function readOptions() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const names = Object.keys(options).map((name) => `--${name}`);
    console.error(`${(error as Error).message}\nThe options are ${names.join(', ')}`);
    process.exit(1);
  }
}

/** The number that an option has to be. */
function numberOf(option: string, value: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${option} is to be a whole number, not ${value}`);
  process.exit(1);
}

if (values.seed !== undefined) await replay(numberOf('seed', values.seed), values.keep);
else
  await search(
    numberOf('from', values.from ?? `${Date.now()}`),
    numberOf('seconds', values.seconds),
  );

async function search(from: number, forSeconds: number): Promise<void> {
  let searched = 0;
  let failures = 0;
  let simulatedMs = 0;
  while (seconds() < forSeconds) {
    const seed = from + searched;
    const { violation, simulatedMs: ms } = await simulate(planOf(seed));
    searched += 1;
    simulatedMs += ms;
    if (violation === undefined) continue;
    failures += 1;
    console.log(`seed ${seed} after ${seconds().toFixed(1)} s breaks ${violation.message}`);
    if (values.all) continue;
    if (!values.brief) await explain(planOf(seed), violation.rule);
    break;
  }
  console.log(
    `${searched} seeds from ${from}, ${(simulatedMs / 3_600_000).toFixed(0)} hours of virtual time, ` +
      `${seconds().toFixed(0)} s of CPU: ${failures} failures`,
  );
  if (failures > 0) process.exitCode = 1;
}

/** Shrinks a plan that fails, and shows what is left. */
async function explain(plan: Plan, rule: string): Promise<void> {
  const until = seconds() + SHRINK_SECONDS;
  const shrunk = await shrink(plan, rule, () => seconds() < until);
  await show(shrunk, plan);
  console.log(`
Shrunk to ${shrunk.happenings.length} of ${plan.happenings.length} happenings. To see it again:
  npm run simulate:search -- --seed ${plan.seed} --keep ${placesOf(plan, shrunk).join(',')}`);
}

async function replay(seed: number, keep: string | undefined): Promise<void> {
  const plan = planOf(seed);
  const kept = keep?.split(',').map(Number);
  const happenings = plan.happenings.filter((_, at) => kept?.includes(at) ?? true);
  if (!(await show({ ...plan, happenings }, plan))) process.exitCode = 1;
}

/**
 * Prints what happens to the cluster, by its number in the whole plan, and what comes of it. Returns
 * whether all is well.
 */
async function show(plan: Plan, whole: Plan): Promise<boolean> {
  const { violation, timeline, simulatedMs } = await simulate(plan, true);
  console.log(`\nseed ${plan.seed}, ${JSON.stringify(plan.config)}\n`);
  const places = placesOf(whole, plan);
  for (const [at, happening] of plan.happenings.entries()) {
    const time = (happening.at / 1_000).toFixed(3).padStart(9);
    console.log(`${String(places[at]).padStart(4)}  ${time}  ${formatHappening(happening)}`);
  }
  console.log(`\n${timeline.join('\n')}\n`);
  console.log(violation?.message ?? `All is well after ${(simulatedMs / 1_000).toFixed(0)} s`);
  return violation === undefined;
}
