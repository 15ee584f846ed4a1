/**
 * The chaos of spec/cluster for longer, on every kind of store in turn.
 *
 *     npm run test:soak                                        10 minutes, all stores
 *     npm run test:soak -- dynamodb --minutes 3 --seed 42      some of it
 *
 * Each round has processes, a store and a seed of its own, and is judged at its end. Ends with exit
 * code 1 where anything was not as it should be.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Chaos } from '../cluster/chaos.js';
import { runChaos } from '../cluster/chaos.js';
import type { Figures } from '../cluster/verdict.js';
import { judge } from '../cluster/verdict.js';
import type { Engine } from '../integration/locks/engines.js';
import { compileProject } from '../support/compiled.js';
import { slackFor, watchStalls } from '../support/stalls.js';
import { meanAndMax, readArguments } from './arguments.js';

const ttlMs = 1_500;
const roundMs = 45_000;
const slots = 4;

const usage =
  'npm run test:soak -- [redis] [postgresql] [mysql] [dynamodb] [--minutes 10] [--seed 1]';
const { engines, number } = readArguments(usage, ['minutes', 'seed']);
const minutes = number('minutes') ?? 10;
const seed = number('seed') ?? Math.ceil(Math.random() * 1e9);

const all = new Map<string, Figures[]>(engines.map(({ name }) => [name, []]));
let complaints = 0;
/** Rounds that did not come to their end, one after the other. */
let broken = 0;
console.log(`${minutes} minutes on ${[...all.keys()].join(', ')}; ttl ${ttlMs} ms; --seed ${seed}`);

await compileProject();
const endsAt = performance.now() + minutes * 60_000;
for (let round = 0; performance.now() < endsAt && broken < 3; round += 1) {
  const engine = engines[round % engines.length];
  if (engine === undefined) break;
  // The last round may be short, but not too short for a thing to happen.
  const ms = Math.max(10_000, Math.min(roundMs, endsAt - performance.now()));
  await runRound(engine, seed + round, ms);
}

for (const [name, rounds] of all) {
  if (rounds.length > 0) console.log(`\n${name}, ${rounds.length} rounds\n${table(rounds)}`);
}
console.log(complaints === 0 ? '\nAll as it should be' : `\n${complaints} complaints`);
process.exitCode = complaints === 0 ? 0 : 1;

async function runRound(engine: Engine, roundSeed: number, ms: number): Promise<void> {
  const what = `--seed ${roundSeed}  ${engine.name.padEnd(20)}`;
  const stalls = watchStalls();
  let chaos: Chaos;
  try {
    chaos = await runChaos({ engine, seed: roundSeed, ms, ttlMs, slots });
    stalls.stop();
  } catch (error) {
    broken += 1;
    complaints += 1;
    console.log(what, error);
    return;
  }
  broken = 0;
  const verdict = judge(chaos, { ttlMs, slackMs: slackFor(400, stalls) });
  const { figures } = verdict;
  all.get(engine.name)?.push(figures);
  complaints += verdict.complaints.length;
  const { instances, handOvers, losses, tasksRun, heldOver, allOver } = figures;
  console.log(
    `${what} ${instances} processes, ${handOvers} hand-overs, ${losses} losses, ${tasksRun} tasks,`,
    `above the cap: ${heldOver}, with left-overs ${allOver}`,
  );
  for (const complaint of verdict.complaints) console.log(`  ${complaint}`);
  if (verdict.complaints.length === 0) return;
  const file = join(tmpdir(), `stepfunc-source-soak-${roundSeed}.json`);
  writeFileSync(file, JSON.stringify(chaos.trace));
  console.log(`  all that was seen: ${file}`);
}

function table(rounds: readonly Figures[]): string {
  const sum = (of: (figures: Figures) => number) => rounds.reduce((total, f) => total + of(f), 0);
  const most = (of: (figures: Figures) => number) => Math.max(...rounds.map(of));
  const times = (what: keyof Figures['takeovers']) =>
    meanAndMax(rounds.flatMap(({ takeovers }) => takeovers[what]));
  const steps = Object.keys(rounds[0]?.steps ?? {}) as (keyof Figures['steps'])[];
  const rows: [string, string | number][] = [
    ['what was done', steps.map((step) => `${sum((f) => f.steps[step])} ${step}`).join(', ')],
    ['processes', sum((f) => f.instances)],
    ['pollers handed over', sum((f) => f.handOvers)],
    ['leases lost', sum((f) => f.losses)],
    ['killed: held elsewhere after', times('killed')],
    ['suspended: held elsewhere after', times('suspended')],
    ['given back: held elsewhere after', times('released')],
    ['tasks run', sum((f) => f.tasksRun)],
    ['tasks failed as LeaseLost', sum((f) => f.tasksFailedAsLeaseLost)],
    ['tasks lost to kills', sum((f) => f.tasksLostToKills)],
    ['tasks left over when a lease was lost', sum((f) => f.leftOver)],
    ['most tasks in flight', most((f) => f.most)],
    ['most above the cap', most((f) => f.heldOver)],
    ['most above the cap, left-overs included', most((f) => f.allOver)],
  ];
  return rows.map(([what, figure]) => `  ${what.padEnd(40)}  ${figure}`).join('\n');
}
