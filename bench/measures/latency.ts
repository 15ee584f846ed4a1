import type { ContenderName } from '../contenders/job.js';
import type { Bench } from '../harness/bench.js';
import { configure, untilPolling } from '../harness/bench.js';
import { warmUp } from '../harness/saturate.js';
import { median } from '../harness/stats.js';
import type { Sample } from '../servers/sfn.js';

/** Medians, in milliseconds, of tasks that come one by one to a contender with so many open polls. */
export async function trickle(
  bench: Bench,
  name: ContenderName,
  openPolls: number,
): Promise<{ delivery: number; report: number }> {
  await configure(bench);
  const contender = await warmUp(bench, name, {
    slots: openPolls,
    pollers: openPolls,
    echoTimes: true,
  });
  await bench.sfn.ask('offer', contender.activity, 0);
  await untilPolling(bench, contender, openPolls);
  const tasks = bench.quick ? 150 : 300;
  const samples = await bench.sfn.ask('trickle', contender.activity, tasks, openPolls);
  await contender.end();
  const of = (key: keyof Sample) => median(samples.map((sample) => sample[key]));
  return { delivery: of('delivery'), report: of('report') };
}
