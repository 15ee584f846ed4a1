import { median, ratios } from '../harness/stats.js';
import { ratioRow } from '../report/rows.js';
import { trickle } from './latency.js';
import type { Measure } from './measure.js';

const IDLE_POLLS = 100;

/** Whether reports wait behind polls that are held. */
export const reportLatency: Measure = {
  name: 'report-latency',
  title: `Report latency: from the component's response to the report's arrival, beside ${IDLE_POLLS} idle polls`,

  async run(bench) {
    const beside: number[] = [];
    const alone: number[] = [];
    for (let round = 1; round <= bench.rounds; round += 1) {
      bench.progress.say(`report-latency: round ${round} of ${bench.rounds}`);
      // While the one task runs, its own slot holds no poll.
      beside.push((await trickle(bench, 'ours', IDLE_POLLS + 1)).report);
      alone.push((await trickle(bench, 'ours', 1)).report);
    }
    return {
      rows: [
        ratioRow(
          `report latency beside ${IDLE_POLLS} idle polls / beside none`,
          ratios(beside, alone),
          { atMost: 1.5 },
        ),
      ],
      tables: [
        {
          title: "from the component's response to the report's arrival",
          head: ['open polls', 'median µs'],
          rows: [
            [String(IDLE_POLLS), (median(beside) * 1_000).toFixed(0)],
            ['0', (median(alone) * 1_000).toFixed(0)],
          ],
        },
      ],
      charts: [],
    };
  },
};
