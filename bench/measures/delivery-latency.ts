import { trickle } from './latency.js';
import type { Measure } from './measure.js';
import { median, ratios } from '../harness/stats.js';
import { ratioRow } from '../report/rows.js';

/** What the source adds between a poll's answer and the call of invoke. */
export const deliveryLatency: Measure = {
  name: 'delivery-latency',
  title: 'Delivery latency: from a task being available, while polled, to invoke being called',

  async run(bench) {
    const ours: number[] = [];
    const bare: number[] = [];
    for (let round = 1; round <= bench.rounds; round += 1) {
      bench.progress.say(`delivery-latency: round ${round} of ${bench.rounds}`);
      ours.push((await trickle(bench, 'ours', 1)).delivery);
      bare.push((await trickle(bench, 'floor', 1)).delivery);
    }
    return {
      rows: [
        ratioRow('available to invoke called, ours / a bare SDK poll', ratios(ours, bare), {
          atMost: 1.05,
        }),
      ],
      tables: [
        {
          title: 'From a task being available to invoke being called',
          head: ['contender', 'median µs'],
          rows: [
            ['stepfunc-source', (median(ours) * 1_000).toFixed(0)],
            [
              'a bare SDK poll (undici handler, cacheMiddleware)',
              (median(bare) * 1_000).toFixed(0),
            ],
          ],
        },
      ],
      charts: [],
    };
  },
};
