import type { ContenderName } from '../contenders/job.js';
import type { Bench } from '../harness/bench.js';
import { between, configure, coresBetween, mark } from '../harness/bench.js';
import { sleep } from '../harness/clock.js';
import { warmUp } from '../harness/saturate.js';
import { median, ratios } from '../harness/stats.js';
import { ratioRow } from '../report/rows.js';
import type { Measure } from './measure.js';

const SLOTS = 100;
const RTT_MS = 20;
const TASK_MS = 200;
/** A slot's round: the poll's way, the task, the report's way. */
const IDEAL_PER_SECOND = (SLOTS / (RTT_MS + TASK_MS + RTT_MS)) * 1_000;

const shapes: { title: string; name: ContenderName; pollers: number }[] = [
  { title: 'stepfunc-source, one poller', name: 'ours', pollers: 1 },
  { title: 'stepfunc-source, 10 pollers of 10', name: 'ours', pollers: 10 },
  { title: `best hand-written loop, ${SLOTS} loops`, name: 'floor', pollers: 1 },
];

interface Use {
  ofIdeal: number;
  /** What the contender and both servers needed together: with less than one core, none waits long. */
  cores: number;
}

/** How much of its slots' time a source makes use of, where the network and the tasks take their time. */
export const slotUse: Measure = {
  name: 'slot-use',
  title: `Slot use: ${SLOTS} slots, RTT ${RTT_MS} ms, tasks of ${TASK_MS} ms`,

  async run(bench) {
    const uses = shapes.map((): Use[] => []);
    for (let round = 1; round <= bench.rounds; round += 1) {
      for (const [index, { title, name, pollers }] of shapes.entries()) {
        bench.progress.say(`slot-use: round ${round} of ${bench.rounds}, ${title}`);
        uses[index]?.push(await use(bench, name, pollers));
      }
    }
    const [one = [], ten = [], floor = []] = uses.map((rounds) =>
      rounds.map(({ ofIdeal }) => ofIdeal),
    );
    const ideal = `of the ideal ${IDEAL_PER_SECOND.toFixed(0)} tasks/s`;
    return {
      rows: [
        ratioRow(`slot use in one poller, ${ideal}`, one, { atLeast: 0.95 }),
        ratioRow(`slot use in 10 pollers, ${ideal}`, ten, { atLeast: 0.95 }),
        ratioRow('slot use in one poller, ours / floor', ratios(one, floor), { atLeast: 1 }),
      ],
      tables: [
        {
          title: 'Slot use after the ramp',
          head: ['contender', 'of the ideal', 'cores that all processes needed'],
          rows: shapes.map(({ title }, index) => [
            title,
            median((uses[index] ?? []).map(({ ofIdeal }) => ofIdeal)).toFixed(3),
            median((uses[index] ?? []).map(({ cores }) => cores)).toFixed(2),
          ]),
        },
      ],
      charts: [],
    };
  },
};

async function use(bench: Bench, name: ContenderName, pollers: number): Promise<Use> {
  // Warm, with no delays, then at work until every slot has had several rounds, each at its own time.
  await configure(bench);
  const contender = await warmUp(bench, name, { slots: SLOTS, pollers });
  await configure(bench, { rttMs: RTT_MS, taskMs: TASK_MS, uneven: SLOTS });
  await sleep(2_000);
  const from = await mark(bench, contender);
  await sleep(bench.quick ? 3_000 : 6_000);
  const to = await mark(bench, contender);
  await contender.end();
  return {
    ofIdeal: between(from, to).perSecond / IDEAL_PER_SECOND,
    cores: coresBetween(from, to),
  };
}
