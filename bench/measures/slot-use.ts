import type { ContenderName } from '../contenders/job.js';
import type { Bench } from '../harness/bench.js';
import { between, configure, mark } from '../harness/bench.js';
import { sleep } from '../harness/clock.js';
import { warmUp } from '../harness/saturate.js';
import { median } from '../harness/stats.js';
import { ratioRow } from '../report/rows.js';
import type { Measure } from './measure.js';

const SLOTS = 100;
const RTT_MS = 20;
const TASK_MS = 200;
/** A slot's round: the poll's way, the task, the report's way. */
const IDEAL_PER_SECOND = (SLOTS / (RTT_MS + TASK_MS + RTT_MS)) * 1_000;

/** How much of its slots' time a source makes use of, where the network and the tasks take their time. */
export const slotUse: Measure = {
  name: 'slot-use',
  title: `Slot use: ${SLOTS} slots in one poller, RTT ${RTT_MS} ms, tasks of ${TASK_MS} ms`,

  async run(bench) {
    const ours: number[] = [];
    const floor: number[] = [];
    for (let round = 1; round <= bench.rounds; round += 1) {
      bench.progress.say(`slot-use: round ${round} of ${bench.rounds}`);
      ours.push(await share(bench, 'ours'));
      floor.push(await share(bench, 'floor'));
    }
    return {
      rows: [
        ratioRow(`slot use, against the ideal ${IDEAL_PER_SECOND.toFixed(0)} tasks/s`, ours, {
          atLeast: 0.95,
        }),
      ],
      tables: [
        {
          title: 'Slot use after the ramp',
          head: ['contender', 'of the ideal'],
          rows: [
            ['stepfunc-source', median(ours).toFixed(3)],
            [`best hand-written loop, ${SLOTS} loops`, median(floor).toFixed(3)],
          ],
        },
      ],
      charts: [],
    };
  },
};

async function share(bench: Bench, name: ContenderName): Promise<number> {
  // Warm, with no delays, then at work until every slot has had several rounds, each at its own time.
  await configure(bench);
  const contender = await warmUp(bench, name, { slots: SLOTS });
  await configure(bench, { rttMs: RTT_MS, taskMs: TASK_MS, uneven: SLOTS });
  await sleep(2_000);
  const from = await mark(bench, contender);
  await sleep(bench.quick ? 3_000 : 6_000);
  const to = await mark(bench, contender);
  await contender.end();
  return between(from, to).perSecond / IDEAL_PER_SECOND;
}
