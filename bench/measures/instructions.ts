import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ContenderName } from '../contenders/job.js';
import { contenders } from '../contenders/job.js';
import type { Bench } from '../harness/bench.js';
import { configure, untilClosed } from '../harness/bench.js';
import { median, ratios } from '../harness/stats.js';
import { ratioRow } from '../report/rows.js';
import type { Measure } from './measure.js';

const SLOTS = 50;
/** Enough for V8 to have compiled what is hot, under a tool that is some fifteen times slower. */
const WARM_UP_TASKS = 2_000;
const COUNTED_TASKS = 500;
/** A count hardly varies, and takes a minute. */
const ROUNDS = 1;
const run = promisify(execFile);

/**
 * How many instructions a task takes, by valgrind's callgrind. A count does not depend on how busy or
 * how uneven the machine is, as CPU time does; the ratios of both should agree.
 */
export const instructions: Measure = {
  name: 'instructions',
  title: `Instructions a task, ${SLOTS} slots, instant tasks`,

  async run(bench) {
    const title = 'Instructions a task, in thousands';
    const head = ['contender', 'instructions', 'ours / it'];
    if (!(await isInstalled())) {
      bench.progress.say('instructions: skipped, no valgrind on the PATH');
      const rows = [['skipped: no valgrind on the PATH', '', '']];
      return { rows: [], tables: [{ title, head, rows }], charts: [] };
    }
    const names: ContenderName[] = ['ours', 'floor', 'wire'];
    if (bench.before !== undefined) names.push('before');
    const counts = new Map(names.map((name) => [name, [] as number[]]));
    const rounds = Math.min(bench.rounds, ROUNDS);
    for (let round = 1; round <= rounds; round += 1) {
      for (const name of names) {
        bench.progress.say(`instructions: round ${round} of ${rounds}, ${contenders[name].title}`);
        counts.get(name)?.push(await instructionsATask(bench, name));
      }
    }
    const of = (name: ContenderName) => counts.get(name) ?? [];
    const over = (name: ContenderName) => ratios(of('ours'), of(name));
    return {
      rows: [
        ...(bench.before === undefined
          ? []
          : [
              ratioRow('instructions a task, ours / another build', over('before'), {
                atMost: 0.71,
              }),
            ]),
        ratioRow('instructions a task, ours / floor', over('floor'), { atMost: 0.52 }),
      ],
      tables: [
        {
          title,
          head,
          rows: names.map((name) => [
            contenders[name].title,
            (median(of(name)) / 1_000).toFixed(0),
            median(over(name)).toFixed(2),
          ]),
        },
      ],
      charts: [],
    };
  },
};

async function isInstalled(): Promise<boolean> {
  try {
    await run('valgrind', ['--version']);
    return true;
  } catch {
    return false;
  }
}

async function instructionsATask(bench: Bench, name: ContenderName): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'stepfunc-source-instructions-'));
  try {
    await configure(bench);
    const contender = await bench.start(name, {
      slots: SLOTS,
      build: name === 'before' ? bench.before : bench.build,
      runner: [
        'valgrind',
        '--quiet',
        '--tool=callgrind',
        '--instr-atstart=no',
        `--callgrind-out-file=${join(folder, 'out')}`,
        // V8 writes code while it runs.
        '--smc-check=all-non-file',
      ],
    });
    await bench.sfn.ask('offer', contender.activity, Number.POSITIVE_INFINITY);
    await untilClosed(bench, contender, bench.quick ? 500 : WARM_UP_TASKS);
    const pid = String(await contender.ask('pid'));
    await run('callgrind_control', ['--instr=on', pid]);
    const from = await closedBy(bench, contender.activity);
    await untilClosed(bench, contender, from + (bench.quick ? 100 : COUNTED_TASKS));
    const to = await closedBy(bench, contender.activity);
    await run('callgrind_control', ['--dump', pid]);
    await contender.end();
    return (await countedIn(join(folder, 'out.1'))) / (to - from);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function closedBy({ sfn }: Bench, activity: string): Promise<number> {
  const { closed } = await sfn.ask('counts', activity);
  return closed;
}

/** The sum of a dump of callgrind's. */
async function countedIn(file: string): Promise<number> {
  const [, sum] = /^summary: (\d+)/m.exec(await readFile(file, 'utf8')) ?? [];
  const total = Number(sum);
  if (!(total > 0)) throw new Error(`Expected a count in ${file}, got ${sum}`);
  return total;
}
