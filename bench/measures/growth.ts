import type { ContenderName } from '../contenders/job.js';
import { saturate } from '../harness/saturate.js';
import { median } from '../harness/stats.js';
import { ratioRow } from '../report/rows.js';
import type { Measure } from './measure.js';

const SIZES = [10, 100, 1_000];
const names: ContenderName[] = ['ours', 'floor'];

/** Whether a task costs more where there are more slots. */
export const growth: Measure = {
  name: 'growth',
  title: `Growth: CPU a task with ${SIZES.join(', ')} slots in one poller`,

  async run(bench) {
    const cpu = new Map(names.map((name) => [name, SIZES.map((): number[] => [])]));
    for (let round = 1; round <= bench.rounds; round += 1) {
      for (const [index, slots] of SIZES.entries()) {
        for (const name of names) {
          bench.progress.say(`growth: round ${round} of ${bench.rounds}, ${slots} slots, ${name}`);
          const { cpuUs } = await saturate(bench, name, { slots });
          cpu.get(name)?.[index]?.push(cpuUs);
        }
      }
    }
    const ours = cpu.get('ours') ?? [];
    const medians = ours.map(median);
    const perRound = Array.from({ length: bench.rounds }, (_, round) => {
      const sizes = ours.map((values) => values[round] ?? NaN);
      return Math.max(...sizes) / Math.min(...sizes);
    });
    const flatness = ratioRow(
      `growth: CPU a task at ${SIZES.join(', ')} slots, dearest / cheapest`,
      perRound,
      { atMost: 1.15 },
    );
    return {
      rows: [{ ...flatness, value: Math.max(...medians) / Math.min(...medians) }],
      tables: [
        {
          title: 'CPU µs a task by slots (medians)',
          head: ['slots', ...names],
          rows: SIZES.map((slots, index) => [
            String(slots),
            ...names.map((name) => median(cpu.get(name)?.[index] ?? []).toFixed(0)),
          ]),
        },
      ],
      charts: [
        {
          kind: 'bars',
          file: 'growth',
          title: 'CPU a task by slots',
          unit: 'µs',
          bars: SIZES.flatMap((slots, index) =>
            names.map((name) => ({
              label: `${name}, ${slots} slots`,
              values: cpu.get(name)?.[index] ?? [],
            })),
          ),
        },
      ],
    };
  },
};
