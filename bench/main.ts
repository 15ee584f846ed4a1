import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { createBench } from './harness/bench.js';
import { createProgress } from './harness/progress.js';
import { measures } from './measures/index.js';
import type { Measure } from './measures/measure.js';
import { writeReport } from './report/write.js';
import type { Finding } from './report/finding.js';
import { summaryTable, toText } from './report/terminal.js';

const USAGE = `npm run bench -- [options]
  --only <names>    only these measures, comma-separated: ${measures.map(({ name }) => name).join(', ')}
  --quick           fewer and shorter rounds, to see that all works; not for figures
  --rounds <n>      paired rounds of each measure (5; with --quick 2)
  --report          writes docs/performance.md and its plots
  --build <folder>  the built modules to measure (dist/esm)
  --before <folder> another build, measured beside it under "throughput"
  --profiles <folder> keeps the .cpuprofile files of "breakdown" there`;

const root = new URL('../../../', import.meta.url);
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    report: { type: 'boolean', default: false },
    build: { type: 'string' },
    before: { type: 'string' },
    profiles: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(USAGE);
else await main();

async function main(): Promise<void> {
  const chosen = chooseMeasures(options.only);
  const { quick, report, profiles } = options;
  if (report && (quick || options.only !== undefined)) {
    throw new Error('--report wants a whole run: leave --quick and --only away');
  }
  const rounds = Number(options.rounds ?? (quick ? 2 : 5));
  const build = urlOf(options.build) ?? new URL('dist/esm', root).href;
  if (!existsSync(new URL(`${build}/index.js`)))
    throw new Error(`No build in ${build}: npm run build`);

  const progress = createProgress(process.stderr);
  const findings: { measure: Measure; finding: Finding }[] = [];
  {
    await using bench = await createBench({
      quick,
      rounds,
      build,
      before: urlOf(options.before),
      profiles,
      progress,
    });
    for (const measure of chosen) {
      const finding = await measure.run(bench);
      findings.push({ measure, finding });
      // At once: a run takes half an hour, and whoever ends it early has what is done.
      console.log(`\n# ${measure.title}`);
      for (const table of finding.tables) console.log(`\n${toText(table)}`);
      if (finding.rows.length > 0) console.log(`\n${toText(summaryTable([finding]))}`);
    }
  }
  progress.end();
  console.log(`\n${toText(summaryTable(findings.map(({ finding }) => finding)))}`);
  if (quick) console.log('\nA quick run: too few and too short rounds to go by.');
  if (report) console.log(`\nWritten: ${await writeReport(root, findings, rounds)}`);
}

function chooseMeasures(only: string | undefined): Measure[] {
  if (only === undefined) return measures;
  return only.split(',').map((name) => {
    const measure = measures.find((candidate) => candidate.name === name);
    if (measure === undefined) throw new Error(`No measure is named ${name}.\n${USAGE}`);
    return measure;
  });
}

function urlOf(folder: string | undefined): string | undefined {
  return folder === undefined
    ? undefined
    : pathToFileURL(resolve(process.env['INIT_CWD'] ?? '.', folder)).href;
}
