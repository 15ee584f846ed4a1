import type { ContenderName } from '../contenders/job.js';
import { contenders } from '../contenders/job.js';
import type { Bench } from '../harness/bench.js';
import type { Load } from '../harness/saturate.js';
import { saturate } from '../harness/saturate.js';
import { median, ratios } from '../harness/stats.js';
import type { Finding } from '../report/finding.js';
import { ratioRow } from '../report/rows.js';
import type { Measure } from './measure.js';

const SLOTS = 50;
const turn: ContenderName[] = [
  'ours',
  'ours-fetch',
  'floor',
  'usual',
  'step-function-worker',
  'wire',
];

/** Tasks a second and CPU a task under a backlog of instant tasks, every contender in its turn. */
export const throughput: Measure = {
  name: 'throughput',
  title: `Saturated throughput and CPU a task, ${SLOTS} slots, instant tasks`,

  async run(bench: Bench): Promise<Finding> {
    const names = bench.before === undefined ? turn : [...turn, 'before' as const];
    const loads = new Map<ContenderName, Load[]>(names.map((name) => [name, []]));
    for (let round = 1; round <= bench.rounds; round += 1) {
      for (const name of names) {
        bench.progress.say(
          `throughput: round ${round} of ${bench.rounds}, ${contenders[name].title}`,
        );
        const build = name === 'before' ? bench.before : bench.build;
        loads.get(name)?.push(await saturate(bench, name, { slots: SLOTS, build }));
      }
    }
    const of = (name: ContenderName, key: keyof Load) => (loads.get(name) ?? []).map((l) => l[key]);
    const over = (key: keyof Load, other: ContenderName) => ratios(of('ours', key), of(other, key));

    const overBefore =
      bench.before === undefined
        ? []
        : [ratioRow('CPU a task, ours / another build', over('cpuUs', 'before'), { atMost: 0.71 })];

    return {
      rows: [
        ...overBefore,
        ratioRow('saturated throughput, ours / floor', over('perSecond', 'floor'), {
          atLeast: 1.8,
        }),
        ratioRow('CPU a task, ours / floor', over('cpuUs', 'floor'), { atMost: 0.52 }),
        ratioRow(
          'saturated throughput, ours / step-function-worker',
          over('perSecond', 'step-function-worker'),
          { atLeast: 1.3 },
        ),
        ratioRow("CPU a task, ours / the wire's own limit", over('cpuUs', 'wire'), { atMost: 4.2 }),
      ],
      tables: [
        {
          title: `Under a backlog of instant tasks, ${SLOTS} slots (medians of ${bench.rounds} rounds)`,
          head: [
            'contender',
            'tasks/s',
            'CPU µs a task',
            'throughput, ours / it',
            'CPU, ours / it',
          ],
          rows: names.map((name) => [
            contenders[name].title,
            median(of(name, 'perSecond')).toFixed(0),
            median(of(name, 'cpuUs')).toFixed(0),
            median(over('perSecond', name)).toFixed(2),
            median(over('cpuUs', name)).toFixed(2),
          ]),
        },
      ],
      charts: [
        {
          kind: 'bars',
          file: 'cpu-per-task',
          title: `CPU a task, ${SLOTS} slots, instant tasks`,
          unit: 'µs',
          bars: names.map((name) => ({ label: contenders[name].title, values: of(name, 'cpuUs') })),
        },
        {
          kind: 'bars',
          file: 'throughput',
          title: `Throughput of one core, ${SLOTS} slots, instant tasks`,
          unit: 'tasks/s',
          bars: names.map((name) => ({
            label: contenders[name].title,
            values: of(name, 'perSecond'),
          })),
        },
      ],
    };
  },
};
