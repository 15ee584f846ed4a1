import type { Bench } from '../harness/bench.js';
import { configure, untilPolling } from '../harness/bench.js';
import { sleep } from '../harness/clock.js';
import { warmUp } from '../harness/saturate.js';
import { unitRow } from '../report/rows.js';
import type { Measure } from './measure.js';

const SLOTS = 100;
const RTT_MS = 20;
/** Longer than a ramp, so that no slot is used twice in it. */
const TASK_MS = 3_000;
/** Just more than what the source takes for a long poll. */
const HOLD_MS = 1_200;

/** How fast an idle source fills its slots once there is a backlog. */
export const ramp: Measure = {
  name: 'ramp',
  title: `Ramp: from idle to ${SLOTS} tasks in flight under a backlog, RTT ${RTT_MS} ms`,

  async run(bench) {
    const curves: number[][] = [];
    for (let round = 1; round <= bench.rounds; round += 1) {
      bench.progress.say(`ramp: round ${round} of ${bench.rounds}`);
      curves.push(await curve(bench));
    }
    const inRtts = curves.map((rises) => (rises[SLOTS - 1] ?? NaN) / RTT_MS);
    return {
      rows: [
        unitRow(`ramp from idle to ${SLOTS} tasks in flight`, inRtts, ' RTTs', { atMost: 10 }),
      ],
      tables: [],
      charts: [
        {
          kind: 'lines',
          file: 'ramp',
          title: `From idle to ${SLOTS} tasks in flight, RTT ${RTT_MS} ms`,
          unit: 'tasks in flight',
          xLabel: 'round trips since the backlog came',
          lines: curves.map((rises, round) => ({
            label: `round ${round + 1}`,
            points: rises.map((at, task): [number, number] => [at / RTT_MS, task + 1]),
          })),
        },
      ],
    };
  },
};

/** Milliseconds from the backlog to the n-th task at the component, for every n. */
async function curve(bench: Bench): Promise<number[]> {
  await configure(bench, { holdMs: HOLD_MS });
  const contender = await warmUp(bench, 'ours', { slots: SLOTS });
  await bench.sfn.ask('offer', contender.activity, 0);
  // Idle: the polls that found nothing have narrowed the poller to one.
  await untilPolling(bench, contender, 1);
  await configure(bench, { rttMs: RTT_MS, holdMs: HOLD_MS, taskMs: TASK_MS });
  await sleep(HOLD_MS);
  await untilPolling(bench, contender, 1);

  const offeredAt = await bench.sfn.ask('offer', contender.activity, Number.POSITIVE_INFINITY);
  let rises: number[] = [];
  while (rises.length < SLOTS) {
    await sleep(100);
    rises = await bench.component.ask('rises');
  }
  await contender.end();
  await sleep(50);
  return rises.slice(0, SLOTS).map((at) => at - offeredAt);
}
