import type { ContenderName } from '../contenders/job.js';
import type { Bench } from '../harness/bench.js';
import { configure, untilClosed } from '../harness/bench.js';
import { sleep } from '../harness/clock.js';
import { median } from '../harness/stats.js';
import { unitRow } from '../report/rows.js';
import type { Measure } from './measure.js';

const SLOTS = 1_000;
/** So that a thousand slots ask for less than a core. */
const TASK_MS = 2_000;
const ROUNDS_OF_A_SLOT = 4;

/** What a source with many slots at work holds of memory, above loops written by hand. */
export const memory: Measure = {
  name: 'memory',
  title: `Memory: ${SLOTS} slots at work, tasks of ${TASK_MS / 1_000} s`,

  async run(bench) {
    const ours: number[] = [];
    const floor: number[] = [];
    const nothing: number[] = [];
    for (let round = 1; round <= bench.rounds; round += 1) {
      bench.progress.say(`memory: round ${round} of ${bench.rounds}`);
      ours.push(await rssMb(bench, 'ours'));
      floor.push(await rssMb(bench, 'floor'));
      nothing.push(await idleRssMb(bench));
    }
    const above = (others: number[]) => ours.map((mb, round) => mb - (others[round] ?? NaN));
    const what = `RSS with ${SLOTS} slots at work, above`;
    return {
      rows: [
        unitRow(`${what} the best hand-written loop`, above(floor), ' MB', { atMost: 20 }),
        unitRow(`${what} an idle Node.js process`, above(nothing), ' MB', { atMost: 60 }),
      ],
      tables: [
        {
          title: `RSS with ${SLOTS} tasks in flight`,
          head: ['contender', 'median MB'],
          rows: [
            ['stepfunc-source', median(ours).toFixed(0)],
            ['best hand-written loop', median(floor).toFixed(0)],
            ['an idle Node.js process', median(nothing).toFixed(0)],
          ],
        },
      ],
      charts: [],
    };
  },
};

async function rssMb(bench: Bench, name: ContenderName): Promise<number> {
  await configure(bench, { taskMs: TASK_MS });
  const contender = await bench.start(name, { slots: SLOTS });
  await bench.sfn.ask('offer', contender.activity, Number.POSITIVE_INFINITY);
  await untilClosed(bench, contender, SLOTS * (bench.quick ? 1 : ROUNDS_OF_A_SLOT));
  const samples: number[] = [];
  for (let sample = 0; sample < 20; sample += 1) {
    await sleep(TASK_MS / 10);
    samples.push(await contender.ask('rssMb'));
  }
  await contender.end();
  return median(samples);
}

async function idleRssMb(bench: Bench): Promise<number> {
  const contender = await bench.start('nothing', { slots: 0 });
  const mb = await contender.ask('rssMb');
  await contender.end();
  return mb;
}
