import type { Bench, RunningContender } from '../harness/bench.js';
import { configure, untilClosed } from '../harness/bench.js';
import { sleep } from '../harness/clock.js';
import { unitRow } from '../report/rows.js';
import type { Measure } from './measure.js';

const SLOTS = 50;

/** Whether a source that has run many tasks is as light as one that has run few. */
export const soak: Measure = {
  name: 'soak',
  title: 'Soak: the heap after many tasks, and what is left after stop',

  async run(bench) {
    const [early, late] = bench.quick ? [5_000, 20_000] : [20_000, 200_000];
    await configure(bench, { holdMs: 1_200 });
    const source = await bench.start('ours', { slots: SLOTS, execArgv: ['--expose-gc'] });
    const points: [number, number][] = [];
    for (let step = 0; step < 10; step += 1) {
      const tasks = early + ((late - early) * step) / 9;
      bench.progress.say(`soak: ${Math.round(tasks)} of ${late} tasks`);
      points.push([Math.round(tasks), await heapAfter(bench, source, Math.round(tasks))]);
    }
    await source.ask('stop');
    await sleep(200);
    const { resources, warnings } = await source.ask('leftovers');
    await source.end();

    const growthMb = (points.at(-1)?.[1] ?? NaN) - (points[0]?.[1] ?? NaN);
    const left = resources.length + warnings.length;
    return {
      rows: [
        unitRow(
          `soak: heap after ${late} tasks against after ${early}`,
          [growthMb],
          ' MB',
          { atMost: 5 },
          2,
        ),
        unitRow('soak: timers, sockets and warnings left after stop', [left], '', { atMost: 0 }, 0),
      ],
      tables:
        left === 0
          ? []
          : [
              {
                title: 'Left after stop',
                head: ['what'],
                rows: [...resources, ...warnings].map((what) => [what]),
              },
            ],
      charts: [
        {
          kind: 'lines',
          file: 'soak',
          title: 'Heap after a forced collection',
          unit: 'MB',
          xLabel: 'tasks',
          lines: [{ label: 'stepfunc-source', points }],
        },
      ],
    };
  },
};

/** The heap once so many tasks were done and the source is idle. */
async function heapAfter(bench: Bench, source: RunningContender, tasks: number): Promise<number> {
  const { handedOut } = await bench.sfn.ask('counts', source.activity);
  await bench.sfn.ask('offer', source.activity, tasks - handedOut);
  await untilClosed(bench, source, tasks);
  await sleep(100);
  return source.ask('heapMb');
}
