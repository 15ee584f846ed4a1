import { startChild } from '../harness/child.js';
import { median } from '../harness/stats.js';
import { unitRow } from '../report/rows.js';
import type { ImportProbe } from './import-probe.js';
import type { Measure } from './measure.js';

/** What the main entry adds to the SDK's own import time, in a fresh process each time. */
export const importTime: Measure = {
  name: 'import-time',
  title: 'Start: the import of the main entry, beyond that of @aws-sdk/client-sfn',

  async run(bench) {
    const modules = ['@aws-sdk/client-sfn', `${bench.build}/index.js`];
    const sdk: number[] = [];
    const ours: number[] = [];
    for (let round = 0; round < bench.rounds * 3; round += 1) {
      bench.progress.say(`import-time: round ${round + 1} of ${bench.rounds * 3}`);
      const probe = startChild<ImportProbe>(new URL('import-probe.js', import.meta.url), {
        job: modules,
      });
      const [sdkMs = NaN, oursMs = NaN] = await probe.ask('times');
      await probe.end();
      sdk.push(sdkMs);
      ours.push(oursMs);
    }
    return {
      rows: [unitRow("import of the main entry beyond the SDK's own", ours, ' ms', { atMost: 15 })],
      tables: [
        {
          title: 'Import times in a fresh process (medians)',
          head: ['module', 'ms'],
          rows: [
            ['@aws-sdk/client-sfn', median(sdk).toFixed(1)],
            ['stepfunc-source, after it', median(ours).toFixed(1)],
          ],
        },
      ],
      charts: [],
    };
  },
};
