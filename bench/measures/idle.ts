import { configure, untilPolling } from '../harness/bench.js';
import { sleep } from '../harness/clock.js';
import { unitRow } from '../report/rows.js';
import type { Measure } from './measure.js';

const POLLERS = 100;

/** What waiting costs. The rounds run side by side: idle processes do not get in each other's way. */
export const idle: Measure = {
  name: 'idle',
  title: `Idle: CPU of ${POLLERS} pollers whose polls are held for as long as AWS holds them`,

  async run(bench) {
    const windowMs = bench.quick ? 10_000 : 60_000;
    await configure(bench, { holdMs: windowMs });
    const sources = [];
    for (let round = 1; round <= bench.rounds; round += 1) {
      const source = await bench.start('ours', { slots: POLLERS, pollers: POLLERS });
      await untilPolling(bench, source, POLLERS);
      sources.push(source);
    }
    // The first polls go the SDK's whole way, whose result the later ones begin with. A source idles for
    // days, so its first minute is no part of it.
    await sleep(windowMs + 5_000);
    bench.progress.say(`idle: ${bench.rounds} sources at once, ${windowMs / 1_000} s`);
    const from = await Promise.all(sources.map((source) => source.ask('usage')));
    await sleep(windowMs);
    const to = await Promise.all(sources.map((source) => source.ask('usage')));
    await Promise.all(sources.map((source) => source.end()));
    const shares = to.map(({ cpuMs, at }, round) => {
      const before = from[round];
      return before === undefined ? NaN : ((cpuMs - before.cpuMs) / (at - before.at)) * 100;
    });
    return {
      rows: [
        unitRow(
          `CPU of ${POLLERS} idle pollers over ${windowMs / 1_000} s`,
          shares,
          ' % of a core',
          { below: 0.1 },
          2,
        ),
      ],
      tables: [],
      charts: [],
    };
  },
};
