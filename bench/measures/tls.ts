import type { ContenderName } from '../contenders/job.js';
import { contenders } from '../contenders/job.js';
import type { Load } from '../harness/saturate.js';
import { saturate } from '../harness/saturate.js';
import { median, ratios } from '../harness/stats.js';
import { ratioRow } from '../report/rows.js';
import type { Measure } from './measure.js';

const SLOTS = 50;
const names: ContenderName[] = ['ours', 'floor', 'wire'];

/** As "throughput", with Step Functions behind TLS, as AWS always is; the component is not. */
export const tls: Measure = {
  name: 'tls',
  title: `Saturated throughput and CPU a task by TLS, ${SLOTS} slots, instant tasks`,

  async run(bench) {
    const loads = new Map<ContenderName, Load[]>(names.map((name) => [name, []]));
    for (let round = 1; round <= bench.rounds; round += 1) {
      for (const name of names) {
        bench.progress.say(`tls: round ${round} of ${bench.rounds}, ${contenders[name].title}`);
        loads.get(name)?.push(await saturate(bench, name, { slots: SLOTS, tls: true }));
      }
    }
    const of = (name: ContenderName, key: keyof Load) => (loads.get(name) ?? []).map((l) => l[key]);
    const over = (key: keyof Load, other: ContenderName) => ratios(of('ours', key), of(other, key));
    return {
      rows: [
        ratioRow('by TLS: CPU a task, ours / floor', over('cpuUs', 'floor'), { atMost: 0.52 }),
        ratioRow('by TLS: throughput, ours / floor', over('perSecond', 'floor'), { atLeast: 1.8 }),
      ],
      tables: [
        {
          title: 'By TLS, over connections that stay (medians)',
          head: ['contender', 'tasks/s', 'CPU µs a task', 'CPU, ours / it'],
          rows: names.map((name) => [
            contenders[name].title,
            median(of(name, 'perSecond')).toFixed(0),
            median(of(name, 'cpuUs')).toFixed(0),
            median(over('cpuUs', name)).toFixed(2),
          ]),
        },
      ],
      charts: [],
    };
  },
};
