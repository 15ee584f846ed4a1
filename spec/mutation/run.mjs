/**
 * Mutation tests, module by module, each by the unit specs named after it. Prints the mutants that no
 * spec noticed, and a table; exits with 1 if fewer were noticed than stryker.config.mjs wants.
 *
 *     npm run test:mutation
 *     npm run test:mutation -- 'leases/|errors'     modules whose path matches
 *     npm run test:mutation -- '' 1/3               the first third of them, to run three at a time
 *     npm run test:mutation -- '' 1/1 out.json      what became of each mutant, in a file
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Stryker } from '@stryker-mutator/core';
import config from '../../stryker.config.mjs';

const rooms = ['task', 'polling', 'leases'];
const others = ['sfn/errors', 'net/body-chunks', 'net/capped-body'];
/** Specs that take longer than all others together, beside quick ones of the same module. */
const leftOut = /^leases\/(sharing-many|lease-pool-many)$/;

const namesIn = (folder, suffix) =>
  readdirSync(folder)
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length));

/** The longest name of a module that the spec's begins with. */
function moduleOf(spec, modules) {
  return modules
    .filter((name) => spec === name || spec.startsWith(`${name}-`))
    .sort((a, b) => b.length - a.length)[0];
}

function specsOf(module) {
  const [room, name] = module.split('/');
  const modules = namesIn(`lib/${room}`, '.ts');
  return namesIn(`spec/unit/${room}`, '.spec.ts')
    .filter((spec) => moduleOf(spec, modules) === name)
    .map((spec) => `${room}/${spec}`)
    .filter((spec) => !leftOut.test(spec));
}

const [, , wanted = '', part = '1/1', out] = process.argv;
const [which, parts] = part.split('/').map(Number);
const all = [
  ...rooms.flatMap((room) => namesIn(`lib/${room}`, '.ts').map((n) => `${room}/${n}`)),
  ...others,
];
const chosen = all
  .filter((module) => new RegExp(wanted).test(module))
  .filter((module) => specsOf(module).length > 0)
  .filter((_, at) => at % parts === which - 1);

if (chosen.length === 0) {
  console.error(`No module's path matches ${wanted}: they are ${all.join(', ')}`);
  process.exit(1);
}

const counted = new Set(['Killed', 'Timeout', 'Survived', 'NoCoverage']);
const rows = [];
const results = {};

for (const module of chosen) {
  const file = `lib/${module}.ts`;
  process.env.MUTATION_SPECS = specsOf(module).join(',');
  const began = performance.now();
  const mutants = await run(file);
  if (mutants === undefined) {
    console.log(`${file}: its specs fail without any mutant`);
    process.exitCode = 1;
    continue;
  }
  const seconds = Math.round((performance.now() - began) / 1000);
  const silent = silentOf(specsOf(module), mutants);
  if (silent.length > 0) {
    // Stryker passes over a spec that can't be loaded.
    console.log(`${file}: nothing was seen of ${silent.join(', ')}`);
    process.exitCode = 1;
  }
  const valid = mutants.filter(({ status }) => counted.has(status));
  const missed = valid.filter((mutant) => !isNoticed(mutant));
  const lines = readFileSync(file, 'utf8').split('\n');
  console.log(`${file}: ${valid.length - missed.length} of ${valid.length}, ${seconds} s`);
  for (const { location, replacement, status, mutatorName } of missed) {
    const { line, column } = location.start;
    console.log(`  ${line}:${column} ${mutatorName} ${status}: ${lines[line - 1].trim()}`);
    console.log(`      => ${replacement}`);
  }
  rows.push({ file, all: valid.length, noticed: valid.length - missed.length });
  results[file] = { seconds, mutants };
  if (out) writeFileSync(out, JSON.stringify(results));
}

/** Specs of which no test has reached any change. Of changes to constants it is not known. */
function silentOf(specs, mutants) {
  const tests = mutants.flatMap(({ coveredBy = [] }) => coveredBy);
  if (tests.length === 0) return [];
  return specs.filter(
    (name) => !tests.some((test) => test.startsWith(`spec/unit/${name}.spec.ts#`)),
  );
}

/** Undefined if the specs fail as they are. */
async function run(file) {
  try {
    return await new Stryker({ mutate: [file] }).runMutationTest();
  } catch (error) {
    console.log(error);
    return undefined;
  }
}

/** If no test ran at all, a constant has become one with which its module does not even load. */
function isNoticed({ status, static: isStatic, testsCompleted }) {
  if (status === 'Survived') return isStatic === true && testsCompleted === 0;
  return status === 'Killed' || status === 'Timeout';
}

const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
for (const { file, ...row } of rows) console.log(`| ${file} | ${row.all} | ${row.noticed} |`);
const percent = (100 * sum('noticed')) / sum('all');
console.log(`${sum('noticed')} of ${sum('all')}: ${percent.toFixed(1)} %`);
if (!(percent >= (config.thresholds.break ?? 0))) process.exitCode = 1;
