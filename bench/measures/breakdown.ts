import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContenderName } from '../contenders/job.js';
import { contenders } from '../contenders/job.js';
import type { Bench } from '../harness/bench.js';
import { between, configure, mark } from '../harness/bench.js';
import { sleep } from '../harness/clock.js';
import { selfTimeByOwner } from '../harness/profile.js';
import { warmUp } from '../harness/saturate.js';
import type { Measure } from './measure.js';

const SLOTS = 50;
const names: ContenderName[] = ['ours', 'floor', 'wire'];

/** What the CPU time of a task is made of: the sampling profiler's self time, by package. */
export const breakdown: Measure = {
  name: 'breakdown',
  title: 'What the CPU time of a task is made of',

  async run(bench) {
    const shares = new Map<ContenderName, Map<string, number>>();
    for (const name of names) {
      bench.progress.say(`breakdown: ${contenders[name].title}`);
      shares.set(name, await cpuByOwner(bench, name));
    }
    const dearest = (owner: string) =>
      Math.max(...names.map((name) => shares.get(name)?.get(owner) ?? 0));
    const owners = [...new Set([...shares.values()].flatMap((of) => [...of.keys()]))]
      .filter((owner) => dearest(owner) >= 2)
      .sort((a, b) => dearest(b) - dearest(a));
    return {
      rows: [],
      tables: [
        {
          title: 'CPU µs a task by package (self time, sampled every 0.2 ms)',
          head: ['where', ...names.map((name) => contenders[name].title)],
          rows: owners.map((owner) => [
            owner,
            ...names.map((name) => (shares.get(name)?.get(owner) ?? 0).toFixed(0)),
          ]),
          note: 'The profiler itself makes everything somewhat dearer than in the tables above.',
        },
      ],
      charts: [],
    };
  },
};

async function cpuByOwner(bench: Bench, name: ContenderName): Promise<Map<string, number>> {
  await configure(bench);
  const contender = await warmUp(bench, name, { slots: SLOTS });
  await contender.ask('startProfile');
  const from = await mark(bench, contender);
  await sleep(bench.quick ? 2_000 : 8_000);
  const to = await mark(bench, contender);
  const profile = await contender.ask('endProfile');
  await contender.end();
  if (bench.profiles !== undefined) {
    writeFileSync(join(bench.profiles, `${name}.cpuprofile`), JSON.stringify(profile));
  }
  const { cpuUs } = between(from, to);
  return new Map([...selfTimeByOwner(profile)].map(([owner, share]) => [owner, share * cpuUs]));
}
